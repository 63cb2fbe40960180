// The part of autocannon that web-load.ts calls; the package brings no types.
declare module "autocannon" {
  type Asked = { method: string; path: string; headers?: Record<string, string>; body?: string };
  type Result = {
    requests: { average: number };
    latency: { p50: number; p99: number };
    "2xx": number;
    non2xx: number;
    errors: number;
    timeouts: number;
  };
  export default function autocannon(options: {
    url: string;
    duration: number;
    connections: number;
    overallRate?: number;
    requests: (Asked & { setupRequest?: (request: Asked) => Asked })[];
  }): Promise<Result>;
}
