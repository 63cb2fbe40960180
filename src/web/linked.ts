// Where does a text name pages of the web? Its addresses apart, so that they can be followed.

/** Text, and the address that it is. */
export type Linked = { text: string; href?: string };

// A full stop or bracket behind an address belongs to the sentence.
const address = /https?:\/\/[^\s<>"'(){}[\]\\^`|]*[\w/#=&-]/g;

/** Cuts a text into what is an address (`href`) and what is not; the pieces joined are the text. */
export function splitAddresses(text: string): Linked[] {
  const pieces: Linked[] = [];
  let at = 0;
  for (const { index, 0: href } of text.matchAll(address)) {
    if (index > at) pieces.push({ text: text.slice(at, index) });
    pieces.push({ text: href, href });
    at = index + href.length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at) });
  return pieces;
}
