// Which files do pages ask for? Style, script, icon and the picture for shared links, kept in memory and packed once.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { Router } from "express";

const folder = path.join(import.meta.dirname, "../../public");
const types = {
  "paperboy.css": "text/css; charset=utf-8",
  "paperboy.js": "text/javascript; charset=utf-8",
  "icon.svg": "image/svg+xml",
  "card.png": "image/png",
};

export type Assets = {
  /** Changes with any of the files; pages ask for them with it, so that browsers may keep them for ever. */
  version: string;
  routes: Router;
};

export function openAssets(): Assets {
  const router = Router();
  const version = createHash("sha256");
  for (const [name, type] of Object.entries(types)) {
    const plain = readFileSync(path.join(folder, name));
    // A picture is packed already.
    const packed = type === "image/png" ? undefined : gzipSync(plain, { level: 9 });
    version.update(plain);
    const paths = name === "icon.svg" ? [`/static/${name}`, "/favicon.svg", "/favicon.ico"] : [`/static/${name}`];
    router.get(paths, (request, response) => {
      const packs = packed !== undefined && /\bgzip\b/.test(request.get("accept-encoding") ?? "");
      const lasts = request.path.startsWith("/static/") ? "31536000, immutable" : "604800";
      response.set({ "Content-Type": type, "Cache-Control": `public, max-age=${lasts}`, Vary: "Accept-Encoding" });
      if (packs) response.set("Content-Encoding", "gzip");
      response.send(packs ? packed : plain);
    });
  }
  return { version: version.digest("hex").slice(0, 10), routes: router };
}
