/**
 * How Node is started for jobs. A snapshot makes a great many short-lived objects: a larger nursery keeps most of
 * them from being copied and carried into the old generation.
 */
export const JOBS_EXEC_ARGV: string[] = ['--max-semi-space-size=32']
