// What does a transactional letter say? One subject, one reason, one button, and what to do when nobody asked.
import type { LetterKind } from "../digest.ts";

export type LetterWords = { subject: string; intro: string; button: string; foot: string };

const ignore = "Did you not ask for this? Then ignore this mail; nothing will change.";

/** The words of a letter; `sender` is the name that mails come from. */
export function letterWords(kind: LetterKind, sender: string): LetterWords {
  switch (kind) {
    case "confirm":
      return {
        subject: `Confirm your ${sender} digest`,
        intro:
          "Somebody asked for a digest of new research papers at this address. If it was you, confirm it and choose your topics and your hour. Until then we send nothing else.",
        button: "Confirm and choose topics",
        foot: "Did you not ask for this? Then ignore this mail and no more will come. The link works for 72 hours.",
      };
    case "already":
      return {
        subject: `You already get ${sender}`,
        intro:
          "Somebody asked for a digest at this address, which has one already. If it was you: topics, hour and everything else can be changed here, without a login.",
        button: "Open my preferences",
        foot: ignore,
      };
    case "preferences":
      return {
        subject: `Your ${sender} preferences`,
        intro: "Here is the link you asked for: topics, hour, pause, address and everything else, without a login.",
        button: "Open my preferences",
        foot: ignore,
      };
    case "change-address":
      return {
        subject: `Confirm your new address for ${sender}`,
        intro: "A reader wants their digest of research papers to come to this address from now on.",
        button: "Use this address",
        foot: `${ignore} The link works once, for one hour.`,
      };
    case "address-changed":
      return {
        subject: `Your ${sender} digest is moving`,
        intro:
          "Your digest goes to another address from now on: somebody asked for it by your link. If that was you, there is nothing to do, and this is the last mail to this address.",
        button: "Open my preferences",
        foot: "Was it not you? Open your preferences now and put it right.",
      };
    case "erase":
      return {
        subject: `Erase your ${sender} data`,
        intro:
          "You asked us to erase your address, your topics and your history. The last step is on the page that opens here, and it cannot be undone.",
        button: "Go to the last step",
        foot: `${ignore} The link works once, for one hour.`,
      };
    case "export":
      return {
        subject: `Your ${sender} data`,
        intro: "Here is everything we keep about you, as one JSON file.",
        button: "Get my data",
        foot: "Did you not ask for this? Then ignore this mail. The link works once, for one hour.",
      };
  }
}
