// Which advisory locks of PostgreSQL are ours, so that no two uses share one?

/** Locks of one number: migrating, and topics against matching. */
export const MIGRATION_LOCK = 7_229_001;
export const TOPICS_LOCK = 7_229_004;
/** Every user of the embedded server holds it shared, in the database `postgres`; who gets it alone may stop the server. */
export const IN_USE_LOCK = 7_229_005;

/** Locks of two numbers, the first of which stands here: a source by the hash of its name … */
export const SOURCE_LOCKS = 7_229_000;
/** … a cell of readers … */
export const CELL_LOCKS = 7_229_002;
/** … an address that letters go to, by its hash … */
export const RECIPIENT_LOCKS = 7_229_003;
/** … a process that sends, and a connection to the mail server. */
export const SENDER_LOCKS = 7_229_010;
export const CONNECTION_LOCKS = 7_229_011;
