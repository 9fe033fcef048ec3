package main

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// bulk is what goes on beside small requests until it is told to end, in the middle of a transfer.
type bulk struct {
	isOver  atomic.Bool
	running sync.WaitGroup
	bytes   atomic.Int64
	mutex   sync.Mutex
	open    []*connection
	failure error
}

// runMixed tells how long small requests take while large blobs are pulled and pushed. A request counts from the moment
// it was due: one that waits makes those behind it late too, as it would with other people's requests.
func runMixed(target *server, job *Job) (Result, error) {
	beside := &bulk{}
	for _, path := range job.Pulls {
		beside.start(target, func(c *connection, _ int) error {
			got, err := c.expect(200, request{method: "GET", target: path})
			beside.bytes.Add(got.bytes)
			return err
		})
	}
	for pusher := range job.Pushes {
		blob := newContent(fmt.Sprintf("%s bulk %d", job.Seed, pusher), job.SizeBytes)
		// Before the time counts, and before what is sent is counted.
		blob.digest()
		blob.progress = &beside.bytes
		beside.start(target, func(c *connection, turn int) error {
			repository := fmt.Sprintf("%s-bulk-%d-%d", job.Repository, pusher, turn)
			return pushBlob(c, &tally{}, repository, blob, true)
		})
	}
	every := time.Duration(job.EveryMs * float64(time.Millisecond))
	result, err := onConnections(target, job.Connections, func(c *connection, t *tally) error {
		started := time.Now()
		for number := 0; ; number++ {
			due := started.Add(time.Duration(number) * every)
			time.Sleep(time.Until(due))
			// Who is behind ends in time too; those requests that were due and never asked are not counted.
			if time.Since(started) > time.Duration(job.ForMs)*time.Millisecond {
				return nil
			}
			if _, err := c.expect(200, request{method: "GET", target: job.Targets[number%len(job.Targets)]}); err != nil {
				return err
			}
			t.add(time.Since(due), 0)
			t.units++
		}
	})
	result.Bytes = beside.bytes.Load()
	return result, errors.Join(err, beside.end())
}

func (b *bulk) start(target *server, transfer func(*connection, int) error) {
	c, err := target.dial()
	if err != nil {
		b.failure = err
		return
	}
	b.open = append(b.open, c)
	b.running.Add(1)
	go func() {
		defer b.running.Done()
		for turn := 0; !b.isOver.Load(); turn++ {
			if err := transfer(c, turn); err != nil && !b.isOver.Load() {
				b.mutex.Lock()
				b.failure = err
				b.mutex.Unlock()
				return
			}
		}
	}()
}

func (b *bulk) end() error {
	b.isOver.Store(true)
	for _, connection := range b.open {
		connection.Close()
	}
	b.running.Wait()
	return b.failure
}
