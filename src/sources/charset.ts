// Which characters do these bytes mean? UTF-8 where they are, else what the bytes or the sender declare.
import { TextDecoder } from "node:util";

/** Decodes a whole body: byte order mark, valid UTF-8, the charset declared, windows-1252 at last; never throws. */
export function decodeText(body: Buffer, contentType = ""): string {
  const declared = declaredCharset(body.subarray(0, 1_024).toString("latin1"), contentType);
  for (const charset of [markedCharset(body), "utf-8", declared, "windows-1252"]) {
    if (!charset) continue;
    try {
      return new TextDecoder(charset, { fatal: charset !== "windows-1252" }).decode(body);
    } catch {
      // Not this one.
    }
  }
  return body.toString("utf8");
}

/** Decodes a file that is too large to hold: by its mark or declaration, else as UTF-8 with � where the bytes are wrong. */
export async function* decodeChunks(chunks: AsyncIterable<Buffer>): AsyncIterable<string> {
  let decoder: TextDecoder | undefined;
  for await (const chunk of chunks) {
    decoder ??= new TextDecoder(
      markedCharset(chunk) ?? known(declaredCharset(chunk.subarray(0, 1_024).toString("latin1"), "")),
    );
    yield decoder.decode(chunk, { stream: true });
  }
  if (decoder) yield decoder.decode();
}

function markedCharset(body: Buffer): string | undefined {
  if (body[0] === 0xff && body[1] === 0xfe) return "utf-16le";
  if (body[0] === 0xfe && body[1] === 0xff) return "utf-16be";
  return undefined;
}

function declaredCharset(head: string, contentType: string): string | undefined {
  const inXml = /^\s*(?:\xef\xbb\xbf)?<\?xml[^>]*\bencoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(head);
  const inType = /charset\s*=\s*"?([\w.:-]{1,40})/i.exec(contentType);
  return (inXml?.[1] ?? inType?.[1])?.toLowerCase();
}

function known(charset: string | undefined): string {
  try {
    return new TextDecoder(charset).encoding;
  } catch {
    return "utf-8";
  }
}
