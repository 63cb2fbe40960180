// One load on one address, in a process of its own so that it does not share a thread with what it measures.
import autocannon from "autocannon";

export type Load = {
  url: string;
  seconds: number;
  connections: number;
  /** Requests a second over all connections; 0 means as many as can be. */
  rate: number;
  /** Paths asked in turn; `subscribe` posts a new address each time instead. */
  paths: string[] | "subscribe";
};
export type Measured = { perSecond: number; p50: number; p99: number; answered: number; failed: number };

const { url, seconds, connections, rate, paths } = JSON.parse(process.argv[2] ?? "{}") as Load;
let nth = 0;
/** Another network for each request, so that the limits for one network are not what is measured. */
const from = () => {
  nth++;
  return {
    "accept-encoding": "identity",
    "x-forwarded-for": `10.${(nth >> 14) & 255}.${(nth >> 7) & 127}.${nth & 127}`,
  };
};
const subscribe = {
  method: "POST",
  path: "/subscribe",
  setupRequest: () => ({
    method: "POST",
    path: "/subscribe",
    headers: { ...from(), "content-type": "application/x-www-form-urlencoded" },
    body: `email=reader${nth}%40host${nth % 5_000}.example&topics=language-models&timezone=Europe%2FBerlin&website=`,
  }),
};
const result = await autocannon({
  url,
  duration: seconds,
  connections,
  ...(rate > 0 ? { overallRate: rate } : {}),
  requests:
    paths === "subscribe"
      ? [subscribe]
      : paths.map((path) => ({ method: "GET", path, setupRequest: () => ({ method: "GET", path, headers: from() }) })),
});
const measured: Measured = {
  perSecond: result.requests.average,
  p50: result.latency.p50,
  p99: result.latency.p99,
  answered: result["2xx"],
  failed: result.non2xx + result.errors + result.timeouts,
};
process.stdout.write(JSON.stringify(measured));
