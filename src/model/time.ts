/** Integer microseconds: since the Unix epoch for instants, a difference for durations. Exact in a double until the year 2255. */
export type Micros = number
