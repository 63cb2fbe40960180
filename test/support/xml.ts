// What stands in an XML document, as a strict parser reads it? Throws where it is not well-formed.
import { SaxesParser } from "saxes";

export type Element = { name: string; text: string; children: Element[] };

export function parseXml(xml: string): Element {
  const top: Element = { name: "", text: "", children: [] };
  const open = [top];
  const parser = new SaxesParser({ xmlns: true as const });
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name }) => {
    const element: Element = { name, text: "", children: [] };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on("closetag", () => void open.pop());
  for (const event of ["text", "cdata"] as const)
    parser.on(event, (text) => {
      const element = open.at(-1);
      if (element) element.text += text;
    });
  parser.write(xml).close();
  return top.children[0] ?? top;
}

/** All elements of a name, at any depth, in their order. */
export function elementsOf(element: Element, name: string): Element[] {
  return element.children.flatMap((child) => [...(child.name === name ? [child] : []), ...elementsOf(child, name)]);
}

/** The text of the first child of a name. */
export const textOf = (element: Element, name: string) => element.children.find((child) => child.name === name)?.text;
