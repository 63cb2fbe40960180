// The command that proves the ledger: audit.
import type { Command } from "commander";
import { listViolations } from "../db/audit.ts";
import { answer, withContext } from "./support.ts";

export function auditCommands(program: Command): void {
  program
    .command("audit")
    .description("replay the ledger and prove that nothing went out twice and that opt-out won")
    .option("--json", "print one JSON object")
    .action(async ({ json }: { json?: boolean }) => {
      const violations = await withContext(({ context }) => listViolations(context.db, context.keys, context.now()));
      answer(json, { violations }, [
        ...violations.map(({ kind, says }) => `${kind}: ${says}`),
        violations.length === 0 ? "The ledger keeps its promises." : `${violations.length} violation(s).`,
      ]);
      if (violations.length > 0) process.exitCode = 1;
    });
}
