// What do measurements share? The middle of some numbers.

/** The middle one; of an even number the upper of the two; 0 of none. */
export const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
