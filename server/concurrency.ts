/**
 * Handlers that run at once unless said otherwise. They are asynchronous and mostly wait for others, what
 * must not meet is held apart by its resources, and with few slots the disk's latency, not its throughput,
 * bounds how many short tasks end in a second.
 */
export const CONCURRENCY = 100
