// Which doorbells are there? The wire contract: names and ids only, every stage re-reads rows.

export type Jobs = {
  /** Ask one source since its cursor. */
  ingest: { source: string };
  /** Look at every paper that match has not seen. */
  match: Record<string, never>;
  /** Plan whoever is due at this instant (ISO). */
  plan: { at: string };
  /** Send the open digests with ids from … to …, or one letter. */
  deliver: { from: number; to: number } | { letter: number };
  /** Take everything that came back and was not taken yet. */
  feedback: Record<string, never>;
  /** Ring again for rows that stood still; delete what retention says. */
  tidy: { at: string };
};
export type JobName = keyof Jobs;
