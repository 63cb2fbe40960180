// How far is the long work? A bar on a terminal, plain lines elsewhere, on stderr so that stdout stays free for the answer.
import { SingleBar } from "cli-progress";

const BETWEEN_LINES_MS = 2_000;

export type Progress = { show: (done: number, total?: number, at?: string) => void; end: () => void };

/** Shows `WHAT AT: DONE of TOTAL`; `stream` and `clock` (milliseconds) are for tests. */
export function showProgress(
  what: string,
  stream: NodeJS.WriteStream = process.stderr,
  clock: () => number = () => performance.now(),
): Progress {
  return stream.isTTY ? showBar(what, stream) : showLines(what, stream, clock);
}

function showBar(what: string, stream: NodeJS.WriteStream): Progress {
  const bar = new SingleBar({ format: "{bar} {value}/{total} | {eta_formatted} | {says}", stream, hideCursor: true });
  let started = false;
  return {
    show(done, total = done, at = "") {
      const says = `${what} ${at}`.trim();
      if (!started) bar.start(total, done, { says });
      started = true;
      bar.setTotal(total);
      bar.update(done, { says });
    },
    end: () => bar.stop(),
  };
}

/** A line now and then, and the last one; work that is over at once says nothing. */
function showLines(what: string, stream: NodeJS.WriteStream, clock: () => number): Progress {
  let last = clock();
  let told = false;
  let unsaid = "";
  return {
    show(done, total = done, at = "") {
      const line = `${`${what} ${at}`.trim()}: ${done} of ${total}\n`;
      unsaid = line;
      if (clock() - last < BETWEEN_LINES_MS) return;
      last = clock();
      told = true;
      unsaid = "";
      stream.write(line);
    },
    end() {
      if (told && unsaid) stream.write(unsaid);
    },
  };
}
