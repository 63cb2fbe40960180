// Which time zones are there, and is this the name of one?
import { groupBy } from "../group.ts";

export type TimezoneRegion = { region: string; zones: string[] };

const known = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];
const byLowerCase = new Map(known.map((zone) => [zone.toLowerCase(), zone]));
/** Other names that the platform was found to know, in lower case: asking it takes half a millisecond. */
const alsoKnown = new Set<string>();

/** The IANA name in its usual spelling; older names that the platform still knows stay as typed; undefined for anything else. */
export function readTimezone(text: string): string | undefined {
  const found = byLowerCase.get(text.toLowerCase());
  if (found) return found;
  // Offsets such as +01:00 are no zones: they know no summer time.
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$/.test(text)) return undefined;
  if (alsoKnown.has(text.toLowerCase())) return text;
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    alsoKnown.add(text.toLowerCase());
    return text;
  } catch {
    return undefined;
  }
}

/** All zones for a form, grouped by the part before the slash, both in alphabetical order, UTC first. */
export function listTimezones(): TimezoneRegion[] {
  const regions = groupBy(known, (zone) => (zone.includes("/") ? (zone.split("/")[0] ?? "") : "Universal"));
  const names = [...regions.keys()].filter((name) => name !== "Universal").sort();
  return ["Universal", ...names].map((region) => ({ region, zones: regions.get(region) ?? [] }));
}
