// The command line: one process, its signals and its exit code.
import { runProgram } from "./commands/program.ts";
import { listenForStop } from "./commands/support.ts";

listenForStop();
// `paperboy … | head` closes the pipe: what is left to say is lost, the work and its cleaning up are not.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
const code = await runProgram(process.argv.slice(2));
// Said outright, once all is printed: a pool or a timer somewhere must not keep a finished command.
process.stdout.write("", () => process.exit(code));
