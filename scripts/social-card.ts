// What picture do shared links show? public/card.png, drawn in Chromium with the icon and the colours of the pages.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { findChromium, openBrowser } from "../test/support/browser.ts";

const WIDTH = 1200;
const HEIGHT = 630;
const folder = path.join(import.meta.dirname, "../public");
const executable = findChromium();
if (!executable) process.exit(1);
const icon = await readFile(path.join(folder, "icon.svg"), "utf8");
const style = await readFile(path.join(folder, "paperboy.css"), "utf8");
const row = (votes: number, width: number, topic: number, hit: string) =>
  `<div class="row"><div class="box"><i></i>${votes}</div><div><b style="width:${width}px"><em style="${hit}"></em></b><p></p><p></p><u style="width:${topic}px"></u></div></div>`;
const html = `<style>${style}
  body { width: 1200px; height: 630px; padding: 0 80px; flex-direction: row; align-items: center; gap: 70px; }
  section { width: 560px; }
  svg { width: 104px; display: block; }
  h1 { font-size: 92px; margin: 18px 0 14px; }
  h1 + p { font-size: 36px; line-height: 1.35; color: var(--muted); }
  .card { flex: 1; background: var(--raised); border: 2px solid var(--line); border-radius: 20px; padding: 14px 30px; }
  .row > div + div { flex: 1; }
  .row { display: flex; gap: 22px; flex-wrap: nowrap; align-items: start; justify-content: start; padding: 26px 0; border-bottom: 2px solid var(--line); }
  .row:last-child { border: 0; }
  .row > .box { flex: none; width: 62px; height: 66px; border: 2px solid var(--line); border-radius: 12px; font-size: 22px; text-align: center; }
  i { display: block; width: 0; margin: 11px auto 2px; border: 8px solid transparent; border-top: 0; border-bottom: 11px solid var(--accent); }
  b { display: block; position: relative; height: 20px; border-radius: 10px; background: var(--ink); }
  em { position: absolute; height: 8px; top: 24px; border-radius: 4px; background: var(--hit); }
  .row p { width: 290px; height: 10px; border-radius: 5px; background: var(--line); margin-top: 18px; }
  .row p + p { width: 240px; margin-top: 12px; }
  u { display: block; height: 24px; margin-top: 16px; border-radius: 12px; border: 2px solid var(--line); }
</style><body><section>${icon}<h1>Paperboy</h1><p>The new research papers on your topics, in your inbox every morning.</p></section>
<div class="card">${row(128, 270, 120, "left:60px;width:150px")}${row(64, 220, 150, "left:0;width:110px")}${row(37, 285, 90, "left:120px;width:130px")}</div></body>`;

const browser = await openBrowser(executable);
try {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: HEIGHT }, colorScheme: "light" });
  await page.setContent(html);
  const shot = (await page.screenshot()).toString("base64");
  const pixels = await page.evaluate<number[]>(`new Promise((resolve) => {
    const image = new Image();
    image.onload = () => {
      const at = new OffscreenCanvas(${WIDTH}, ${HEIGHT}).getContext("2d");
      at.drawImage(image, 0, 0);
      resolve([...new Uint32Array(at.getImageData(0, 0, ${WIDTH}, ${HEIGHT}).data.buffer)]);
    };
    image.src = "data:image/png;base64,${shot}";
  })`);
  await writeFile(path.join(folder, "card.png"), encodePng(pixels));
} finally {
  await browser.close();
}

/** A PNG with a palette of the 256 commonest colours (less than half of what Chromium writes); rarer ones become the nearest. */
function encodePng(pixels: number[]): Buffer {
  const counts = new Map<number, number>();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const palette = [...counts.keys()].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0)).slice(0, 256);
  const parts = (pixel: number) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
  const far = (a: number, b: number) => parts(a).reduce((sum, part, at) => sum + (part - (parts(b)[at] ?? 0)) ** 2, 0);
  const places = new Map(palette.map((colour, at) => [colour, at]));
  const place = (pixel: number): number => {
    const known = places.get(pixel);
    if (known !== undefined) return known;
    const nearest = palette.reduce((best, colour) => (far(colour, pixel) < far(best, pixel) ? colour : best));
    const at = palette.indexOf(nearest);
    places.set(pixel, at);
    return at;
  };
  const rows = Buffer.alloc(HEIGHT * (WIDTH + 1));
  for (const [at, pixel] of pixels.entries())
    rows[Math.floor(at / WIDTH) * (WIDTH + 1) + 1 + (at % WIDTH)] = place(pixel);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(WIDTH, 0);
  head.writeUInt32BE(HEIGHT, 4);
  head.set([8, 3], 8);
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const framed = Buffer.alloc(body.length + 8);
    framed.writeUInt32BE(data.length, 0);
    framed.set(body, 4);
    framed.writeUInt32BE(crc32(body), body.length + 4);
    return framed;
  };
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", head),
    chunk("PLTE", Buffer.from(palette.flatMap(parts))),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
