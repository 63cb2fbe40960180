// One process of the service as tests start and kill it: a worker or a scheduler, on a clock of the test's own.
import { readConfig } from "../../src/config.ts";
import { buildContext, openLog } from "../../src/main.ts";
import { workersFor } from "../../workers/pipeline.ts";

export type ServiceProcess = {
  role: "worker" | "scheduler";
  databaseUrl: string;
  redisUrl?: string;
  smtpUrl: string;
  secret: string;
  /** The service's clock: `start` plus `speed` times what has passed since `since` (milliseconds). */
  clock: { start: number; since: number; speed: number };
};

const { role, databaseUrl, redisUrl, smtpUrl, secret, clock }: ServiceProcess = JSON.parse(process.argv[2] ?? "{}");
const config = readConfig({
  DATABASE_URL: databaseUrl,
  REDIS_URL: redisUrl,
  SMTP_URL: smtpUrl,
  SECRET_KEY: secret,
  BASE_URL: "https://papers.example.org",
  MAIL_FROM: "Paperboy <digest@papers.example.org>",
  SMTP_CONNECTIONS: "4",
  LOG_LEVEL: "silent",
});
const now = () => new Date(clock.start + (Date.now() - clock.since) * clock.speed);
process.on("unhandledRejection", (error) => {
  console.error(error);
  process.exit(1);
});

for (;;) {
  try {
    const { context } = await buildContext(config, { mail: true, now, log: openLog("silent") });
    if (role === "worker") {
      await context.queue.work(workersFor(context), 4);
      console.log("ready");
    } else
      setInterval(() => {
        const at = now().toISOString();
        const id = `c${Math.floor(now().getTime() / 60_000)}`;
        void context.queue.ring("plan", { at }, { id });
        void context.queue.ring("tidy", { at }, { id });
      }, 1_000);
    break;
  } catch {
    // The database may be down just now; a service manager would start us again.
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
