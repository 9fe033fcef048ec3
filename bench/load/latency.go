package main

import (
	"math"
	"sort"
	"time"
)

// tally is what one connection has done; each has its own, so that none waits for another.
type tally struct {
	latencies []time.Duration
	units     int
	bytes     int64
}

func (t *tally) add(latency time.Duration, bytes int64) {
	t.latencies = append(t.latencies, latency)
	t.bytes += bytes
}

// sumUp makes the result of what all connections have done in this time.
func sumUp(tallies []*tally, wall time.Duration) Result {
	result := Result{WallMs: inMs(wall)}
	var all []time.Duration
	for _, tally := range tallies {
		all = append(all, tally.latencies...)
		result.Units += tally.units
		result.Bytes += tally.bytes
	}
	sort.Slice(all, func(a, b int) bool { return all[a] < all[b] })
	result.Requests = len(all)
	result.P50Ms = inMs(percentile(all, 0.50))
	result.P99Ms = inMs(percentile(all, 0.99))
	result.MaxMs = inMs(percentile(all, 1))
	return result
}

// percentile is the smallest of the sorted values that so large a part of them does not exceed.
func percentile(sorted []time.Duration, part float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(part*float64(len(sorted)))) - 1
	return sorted[max(0, rank)]
}

func inMs(duration time.Duration) float64 {
	return float64(duration.Nanoseconds()) / 1e6
}
