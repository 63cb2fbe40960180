// Small comforts; every page works without them.
(() => {
  // The browser's time zone, where nothing was chosen yet.
  const guessed = Intl.DateTimeFormat().resolvedOptions().timeZone;
  // What a browser says that does not know, or does not want to tell.
  const zone = guessed === "Etc/Unknown" ? undefined : guessed;
  for (const field of document.querySelectorAll("[data-guess-timezone]")) {
    if (!zone) continue;
    if (field.tagName !== "SELECT") {
      if (!field.value) field.value = zone;
    } else if ([...field.options].some((option) => option.value === zone)) field.value = zone;
  }

  // Whether the chosen zone is the browser's.
  for (const hint of document.querySelectorAll("[data-zone-hint]")) {
    const field = hint.parentElement.querySelector("select");
    const tell = () => {
      hint.textContent = field.value === zone ? "This is your browser's zone." : `Your browser says ${zone}.`;
    };
    if (!zone || !field) continue;
    hint.hidden = false;
    field.addEventListener("change", tell);
    tell();
  }

  // About how many papers a day the ticked topics bring.
  for (const form of document.querySelectorAll("form[data-live-count]")) {
    const answer = form.querySelector("[data-live-answer]");
    let latest = 0;
    const count = async () => {
      const chosen = [...form.querySelectorAll('input[name="topics"]:checked')].map((box) => box.value);
      const mine = ++latest;
      if (chosen.length === 0) {
        answer.textContent = "";
        return;
      }
      const found = await fetch(`/api/v1/topics/count?topics=${encodeURIComponent(chosen.join(","))}`).catch(() => undefined);
      if (mine !== latest || !found?.ok) return;
      const { perDay } = await found.json();
      const most = Number(form.querySelector('[name="max_papers"]')?.value) || Infinity;
      const weekly = form.querySelector('[name="cadence"]')?.value === "weekly";
      const capped = Math.round(weekly ? perDay * 5 : perDay) > most;
      const rest = capped ? ` match; the best ${most} come${weekly ? " on Monday" : ""}.` : ".";
      const [many, span] = perDay < 0.95 ? [Math.max(1, Math.round(perDay * 7)), "week"] : [Math.round(perDay), "day"];
      const says = `About ${many} ${many === 1 ? "paper" : "papers"} a ${span}${rest}`;
      answer.textContent = perDay === 0 ? "Nothing lately on these topics." : says;
    };
    form.addEventListener("change", (event) => {
      if (["topics", "max_papers", "cadence"].includes(event.target.name)) count();
    });
    if (form.querySelector('input[name="topics"]:checked')) count();
  }

  // A search box over the topics.
  for (const search of document.querySelectorAll("[data-topic-search]")) {
    search.closest("[hidden]").hidden = false;
    search.addEventListener("input", () => {
      const words = search.value.trim().toLowerCase();
      const areas = search.closest("form").querySelectorAll(".area");
      for (const area of areas) {
        let shown = 0;
        for (const chip of area.querySelectorAll(".chip")) {
          chip.hidden = !`${chip.textContent} ${chip.title}`.toLowerCase().includes(words);
          if (!chip.hidden) shown++;
        }
        area.hidden = shown === 0;
      }
    });
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
  }

  // A button that copies what stands in a box.
  for (const box of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(box.textContent);
      button.textContent = "Copied";
      setTimeout(() => {
        button.textContent = "Copy";
      }, 2000);
    });
    box.nextElementSibling?.append(button);
  }
})();
