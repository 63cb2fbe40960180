// Are the formats of all sources read, also those that no recorded file has?
import { describe, expect, test } from "vitest";
import { readFileOf } from "../support/text-files.ts";

const oai = (inner: string, verb = "ListRecords") =>
  `<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-03-03T00:00:00Z</responseDate><request verb="${verb}">http://oaipmh.arxiv.org/oai</request>${inner}</OAI-PMH>`;
const header = (id: string, more = "") =>
  `<header${more}><identifier>oai:arXiv.org:${id}</identifier><datestamp>2026-03-03</datestamp><setSpec>cs:cs:LG</setSpec><setSpec>physics:hep-ex</setSpec></header>`;

describe("OAI-PMH", () => {
  test("records as arXiv describes them", async () => {
    const record = `<record>${header("2603.00001")}<metadata><arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>2603.00001</id><created>2026-03-02</created><authors><author><keyname>Lovelace</keyname><forenames>Ada</forenames></author><author><keyname>Erd\\H{o}s</keyname><forenames>Paul</forenames><suffix>Jr.</suffix></author></authors><title>On $\\alpha$-things
      in two lines</title><categories>cs.LG stat.ML</categories><comments>12 pages</comments><doi>10.1000/ABC.1</doi><abstract> An abstract. </abstract></arXiv></metadata></record>`;
    const { drafts, refused } = await readFileOf("oai.xml", oai(`<ListRecords>${record}</ListRecords>`));
    expect(refused).toEqual([]);
    expect(drafts).toMatchObject([
      {
        source: "arxiv",
        canonicalId: "arxiv:2603.00001",
        title: "On α-things in two lines",
        abstract: "An abstract.",
        authors: ["Ada Lovelace", "Paul Erdős Jr."],
        categories: ["cs.LG", "stat.ML"],
        links: { doi: "10.1000/abc.1", pdf: "https://arxiv.org/pdf/2603.00001" },
        withdrawn: false,
        announce: "new",
      },
    ]);
  });

  test("records as Dublin Core and as arXivRaw, with the version and a withdrawal", async () => {
    const dublin = `<record>${header("hep-th/0601001")}<metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Old paper</dc:title><dc:creator>Lovelace, Ada</dc:creator><dc:description>What it says.</dc:description><dc:description>Comment: 3 pages</dc:description><dc:date>2006-01-02</dc:date><dc:date>2006-05-01</dc:date><dc:identifier>http://arxiv.org/abs/hep-th/0601001</dc:identifier><dc:identifier>doi:10.1000/x.2</dc:identifier></oai_dc:dc></metadata></record>`;
    const raw = `<record>${header("2603.00002")}<metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>2603.00002</id><version version="v1"><date>Mon, 2 Mar 2026 10:00:00 GMT</date></version><version version="v3"><date>Tue, 3 Mar 2026 10:00:00 GMT</date></version><title>Raw</title><authors>A. Author (MIT, USA), B. Author and C. D. Author</authors><categories>cs.LG</categories><comments>This paper has been withdrawn by the author</comments><abstract>x</abstract></arXivRaw></metadata></record>`;
    const { drafts } = await readFileOf("oai.xml", oai(`<ListRecords>${dublin}${raw}</ListRecords>`));
    expect(drafts).toMatchObject([
      {
        canonicalId: "arxiv:hep-th/0601001",
        authors: ["Ada Lovelace"],
        abstract: "What it says.",
        categories: ["cs.LG", "hep-ex"],
        links: { doi: "10.1000/x.2" },
        listedOn: "2006-01-03",
      },
      {
        canonicalId: "arxiv:2603.00002",
        version: 3,
        authors: ["A. Author", "B. Author", "C. D. Author"],
        withdrawn: true,
      },
    ]);
  });

  test("a deleted record marks the paper withdrawn and is never news", async () => {
    const record = `<record>${header("2603.00001", ' status="deleted"')}</record>`;
    const { drafts } = await readFileOf("oai.xml", oai(`<GetRecord>${record}</GetRecord>`, "GetRecord"));
    expect(drafts).toMatchObject([{ canonicalId: "arxiv:2603.00001", withdrawn: true, announce: "replace" }]);
  });

  test.each([
    ['<error code="noRecordsMatch">none</error>', []],
    ['<error code="badResumptionToken">It is expired.</error>', ["oai.xml: the archive says: It is expired."]],
    [
      "<Identify><repositoryName>arXiv</repositoryName></Identify>",
      ["oai.xml: an answer to Identify, which holds no papers."],
    ],
    [
      "<ListSets><set><setSpec>cs</setSpec></set></ListSets>",
      ["oai.xml: an answer to ListSets, which holds no papers."],
    ],
  ])("%s", async (inner, sentences) => {
    expect(await readFileOf("oai.xml", oai(inner))).toEqual({ drafts: [], refused: sentences });
  });
});

describe("feeds", () => {
  test("arXiv's announcements as they were until 2024, in RDF", async () => {
    const item = (title: string, id: string) =>
      `<item rdf:about="http://arxiv.org/abs/${id}"><title>${title}</title><link>http://arxiv.org/abs/${id}</link><description>&lt;p&gt;We show $x_i$ &amp;amp; more.\n&lt;/p&gt;</description><dc:creator>&lt;a href="http://arxiv.org/find/cs/1/au:+L_A/0/1/0/all/0/1"&gt;Ada Lovelace&lt;/a&gt;, &lt;a href="x"&gt;Paul Erd\\H{o}s&lt;/a&gt;</dc:creator></item>`;
    const { drafts, refused } = await readFileOf(
      "old.rss",
      `<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="http://arxiv.org/"><title>cs.CL updates on arXiv.org</title><link>http://arxiv.org/</link><description>x</description><dc:date>2023-01-02T20:30:00-05:00</dc:date></channel>${item("First things. (arXiv:2301.00001v1 [cs.CL])", "2301.00001")}${item("Second things. (arXiv:2209.00002v3 [cs.LG] UPDATED)", "2209.00002")}${item("Third (arXiv:2301.00003v1 [stat.ML] CROSS LISTED)", "2301.00003")}</rdf:RDF>`,
    );
    expect(refused).toEqual([]);
    expect(drafts).toMatchObject([
      {
        canonicalId: "arxiv:2301.00001",
        version: 1,
        title: "First things",
        abstract: "We show xᵢ & more.",
        authors: ["Ada Lovelace", "Paul Erdős"],
        categories: ["cs.CL"],
        listedOn: "2023-01-03",
        announce: "new",
      },
      { canonicalId: "arxiv:2209.00002", version: 3, title: "Second things", announce: "replace" },
      { canonicalId: "arxiv:2301.00003", title: "Third", categories: ["stat.ML"], announce: "new" },
    ]);
  });

  test("a journal's RSS: markup, DOI, authors; a paper that names arXiv is that paper", async () => {
    const { drafts, refused } = await readFileOf(
      "journal.xml",
      `<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:prism="http://prismstandard.org/x"><channel><title>Journal</title><link>https://journal.example/</link>
      <item><title>&lt;i&gt;E. coli&lt;/i&gt; &amp;amp; friends</title><link>https://journal.example/1</link><description>&lt;p&gt;Text.&lt;/p&gt;</description><dc:creator>Lovelace, Ada</dc:creator><dc:creator>Hopper, Grace</dc:creator><prism:doi>10.1000/J.1</prism:doi><pubDate>Mon, 02 Mar 2026 08:00:00 GMT</pubDate></item>
      <item><title>About a preprint</title><link>https://arxiv.org/abs/2603.00009v2</link><author>ada@journal.example (Ada Lovelace)</author></item>
      <item><title> </title><link>https://journal.example/3</link></item>
      <item><title>Without anything to know it by</title></item></channel></rss>`,
    );
    expect(refused).toEqual([
      "journal.xml item 3: <title>: the title is empty.",
      "journal.xml item 4: <guid>: neither id, DOI nor link to know it by.",
    ]);
    expect(drafts).toMatchObject([
      {
        source: "feed:journal.example",
        canonicalId: "doi:10.1000/j.1",
        title: "E. coli & friends",
        abstract: "Text.",
        authors: ["Ada Lovelace", "Grace Hopper"],
        listedOn: "2026-03-02",
      },
      { canonicalId: "arxiv:2603.00009", authors: ["Ada Lovelace"], listedOn: "2026-11-24" },
    ]);
  });

  test("any Atom feed", async () => {
    const { drafts } = await readFileOf(
      "blog.atom",
      `<feed xmlns="http://www.w3.org/2005/Atom"><title>Blog</title><id>https://blog.example/</id><link href="https://blog.example/"/><updated>2026-03-02T00:00:00Z</updated><entry><id>tag:blog.example,2026:1</id><title type="html">A &amp;lt;b&amp;gt; post</title><link rel="alternate" href="https://blog.example/1"/><published>2026-03-01T10:00:00Z</published><author><name>Ada</name></author><summary>Hi.</summary></entry></feed>`,
    );
    expect(drafts).toMatchObject([
      {
        source: "feed:blog.example",
        canonicalId: "feed:blog.example:tag:blog.example,2026:1",
        title: "A <b> post",
        authors: ["Ada"],
        listedOn: "2026-03-01",
        links: { abstract: "https://blog.example/1" },
      },
    ]);
  });
});

describe("JSON", () => {
  test("lines, a damaged one among them, and arXiv's metadata snapshot", async () => {
    const { drafts, refused } = await readFileOf(
      "papers.jsonl",
      [
        JSON.stringify({
          id: "a1",
          title: "One",
          abstract: "x",
          authors: "Ada Lovelace and Grace Hopper",
          date: "2026-03-02",
        }),
        "{ broken",
        "",
        JSON.stringify({ title: "Nameless" }),
        JSON.stringify({
          id: "2603.00004",
          title: "Snapshot",
          abstract: "y",
          authors: "Paul Erd\\H{o}s",
          categories: "cs.LG stat.ML",
          versions: [
            { version: "v1", created: "Mon, 2 Mar 2026 10:00:00 GMT" },
            { version: "v2", created: "Tue, 3 Mar 2026 10:00:00 GMT" },
          ],
        }),
        JSON.stringify({ doi: "https://doi.org/10.1000/Z.9", title: "By DOI", upvotes: 4 }),
      ].join("\n"),
    );
    expect(refused).toEqual([
      "papers.jsonl line 2: the JSON of this line is damaged.",
      "papers.jsonl line 4: expected an id, a doi or a url to know the paper by.",
    ]);
    expect(drafts).toMatchObject([
      { source: "jsonl", canonicalId: "jsonl:a1", authors: ["Ada Lovelace", "Grace Hopper"], listedOn: "2026-03-02" },
      { source: "arxiv", canonicalId: "arxiv:2603.00004", version: 2, authors: ["Paul Erdős"], listedOn: "2026-03-03" },
      { canonicalId: "doi:10.1000/z.9", upvotes: 4 },
    ]);
  });

  test("bioRxiv's details: the first version is news, later ones update, the DOI has no version", async () => {
    const paper = (version: string, more = {}) => ({
      doi: "10.1101/2026.03.01.123456",
      title: "Cells",
      authors: "Lovelace, A.; Hopper, G. M.",
      date: "2026-03-02",
      version,
      category: "cell biology",
      abstract: "They live.",
      server: "medrxiv",
      ...more,
    });
    const { drafts, refused } = await readFileOf(
      "biorxiv.json",
      JSON.stringify({
        messages: [{ status: "ok", total: "4" }],
        collection: [
          paper("1"),
          paper("2", { type: "withdrawn" }),
          paper("1", { date: "2099-01-01" }),
          { doi: "10.1101/x" },
        ],
      }),
    );
    expect(refused).toEqual([
      "biorxiv.json .collection[2].date: 2099-01-01 lies in the future.",
      "biorxiv.json .collection[3].title: expected text, found nothing.",
    ]);
    expect(drafts).toMatchObject([
      {
        source: "medrxiv",
        canonicalId: "doi:10.1101/2026.03.01.123456",
        authors: ["A. Lovelace", "G. M. Hopper"],
        announce: "new",
      },
      { version: 2, withdrawn: true, announce: "replace" },
    ]);
  });

  test("Hugging Face's error is told in its own words", async () => {
    expect(await readFileOf("2026-03-02.json", '{"error":"Invalid date."}')).toEqual({
      drafts: [],
      refused: ["2026-03-02.json: Hugging Face says: Invalid date."],
    });
  });
});
