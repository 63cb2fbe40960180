// Which mailbox provider answers for an address? Its slowing down and refusing concern all of its domains, and no other provider.

const groups: Record<string, string[]> = {
  gmail: ["gmail.com", "googlemail.com"],
  microsoft: ["outlook.com", "hotmail.com", "live.com", "msn.com", "passport.com", "windowslive.com"],
  yahoo: ["yahoo.com", "ymail.com", "rocketmail.com", "aol.com", "aim.com"],
  apple: ["icloud.com", "me.com", "mac.com"],
  proton: ["proton.me", "protonmail.com", "pm.me"],
  gmx: ["gmx.net", "gmx.de", "gmx.at", "gmx.ch", "gmx.com", "web.de", "mail.com"],
  yandex: ["yandex.ru", "yandex.com", "ya.ru"],
  mailru: ["mail.ru", "inbox.ru", "list.ru", "bk.ru"],
};
const groupOf = new Map(Object.entries(groups).flatMap(([group, domains]) => domains.map((domain) => [domain, group])));
/** Brands with a domain a country: `hotmail.co.uk`, `yahoo.fr`. */
const national = /^(outlook|hotmail|live|yahoo|ymail|yandex)\.(?:co\.|com\.)?[a-z]{2}$/;
const brands: Record<string, string> = {
  outlook: "microsoft",
  hotmail: "microsoft",
  live: "microsoft",
  ymail: "yahoo",
};

/** `gmail` for ada@googlemail.com; the domain itself where it belongs to none of the large providers. */
export function providerOf(email: string): string {
  const domain = email.slice(email.lastIndexOf("@") + 1).toLowerCase();
  const brand = national.exec(domain)?.[1];
  return groupOf.get(domain) ?? (brand === undefined ? domain : (brands[brand] ?? brand));
}
