// How is a label of letters beyond ASCII written in DNS, when its letters are newer than this machine's Unicode tables?

const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const FIRST_BIAS = 72;
const FIRST_CODE_POINT = 128;

/** Encodes one lower-case label as `xn--…` (RFC 3492 §6.3); ASCII labels come back as they are. Letters are not checked. */
export function encodeLabel(label: string): string {
  const points = Array.from(label, (letter) => letter.codePointAt(0) ?? 0);
  const basic = points.filter((point) => point < FIRST_CODE_POINT);
  if (basic.length === points.length) return label;
  let written = basic.length;
  let encoded = String.fromCodePoint(...basic) + (written > 0 ? "-" : "");
  let point = FIRST_CODE_POINT;
  let delta = 0;
  let bias = FIRST_BIAS;
  while (written < points.length) {
    const next = Math.min(...points.filter((candidate) => candidate >= point));
    delta += (next - point) * (written + 1);
    point = next;
    for (const candidate of points) {
      if (candidate < point) delta++;
      if (candidate !== point) continue;
      encoded += digits(delta, bias);
      bias = adapted(delta, written + 1, written === basic.length);
      delta = 0;
      written++;
    }
    delta++;
    point++;
  }
  return `xn--${encoded}`;
}

function digits(delta: number, bias: number): string {
  let rest = delta;
  let text = "";
  for (let position = BASE; ; position += BASE) {
    const threshold = Math.min(T_MAX, Math.max(T_MIN, position - bias));
    if (rest < threshold) return text + digit(rest);
    text += digit(threshold + ((rest - threshold) % (BASE - threshold)));
    rest = Math.floor((rest - threshold) / (BASE - threshold));
  }
}

function digit(value: number): string {
  return String.fromCharCode(value < 26 ? 97 + value : 22 + value);
}

function adapted(delta: number, count: number, first: boolean): number {
  let rest = first ? Math.floor(delta / DAMP) : delta >> 1;
  rest += Math.floor(rest / count);
  let position = 0;
  for (; rest > ((BASE - T_MIN) * T_MAX) >> 1; position += BASE) rest = Math.floor(rest / (BASE - T_MIN));
  return position + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}
