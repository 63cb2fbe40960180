// The command line as a person meets it: a real process, its answers, its exit code, and signals sent to it.
import { spawn } from "node:child_process";
import path from "node:path";

const root = path.join(import.meta.dirname, "../..");
export type Ended = { code: number | null; stdout: string; stderr: string };
export type Command = {
  pid: number;
  ended: Promise<Ended>;
  /** What was printed until now, both streams. */
  said: () => string;
  /** Waits until it has printed this. */
  says: (words: string | RegExp, timeoutMs?: number) => Promise<void>;
  /** As a terminal does it: to the process and all its children that share its group. */
  signal: (name: NodeJS.Signals) => void;
};

/** Starts `paperboy ARGUMENTS` in a process group of its own, with only these settings; `cwd` is where `.env` is looked for. */
export function startCommand(words: string[], settings: Record<string, string> = {}, cwd = root): Command {
  const { PATH = "", HOME = "/", TMPDIR = "" } = process.env;
  const child = spawn(process.execPath, [path.join(root, "bin/paperboy.js"), ...words], {
    cwd,
    env: { PATH, HOME, ...(TMPDIR ? { TMPDIR } : {}), ...settings },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
  const said = () => stdout + stderr;
  return {
    pid: child.pid ?? 0,
    ended,
    said,
    async says(words, timeoutMs = 30_000) {
      for (let waited = 0; ; waited += 50) {
        if (typeof words === "string" ? said().includes(words) : words.test(said())) return;
        if (waited > timeoutMs || child.exitCode !== null) throw new Error(`it never said ${words}, but:\n${said()}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    signal: (name) => {
      process.kill(-(child.pid ?? 0), name);
    },
  };
}

/** Runs a command to its end inside this process: the same answers and exit code, without the time a process takes. */
export async function runHere(words: string[], settings: Record<string, string> = {}): Promise<Ended> {
  const before = { environment: process.env, exitCode: process.exitCode };
  const said = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) => {
    const { write } = process[name];
    process[name].write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
      said[name] += Buffer.from(chunk as string).toString();
      const done = rest.at(-1);
      if (typeof done === "function") done();
      return true;
    }) as typeof write;
    return () => {
      process[name].write = write;
    };
  });
  const { log, error } = console;
  console.log = (...parts: unknown[]) => void process.stdout.write(`${parts.join(" ")}\n`);
  console.error = (...parts: unknown[]) => void process.stderr.write(`${parts.join(" ")}\n`);
  process.env = { PATH: process.env["PATH"] ?? "", ...settings };
  try {
    const { runProgram } = await import("../../src/commands/program.ts");
    return { code: await runProgram(words), ...said };
  } finally {
    Object.assign(console, { log, error });
    process.env = before.environment;
    process.exitCode = before.exitCode;
    for (const restore of spies) restore();
  }
}

/** Runs a command to its end in a process of its own. */
export function runCommand(words: string[], settings: Record<string, string> = {}): Promise<Ended> {
  return startCommand(words, settings).ended;
}
