package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// onConnections opens the job's connections, and only then takes the time and lets work be done on each.
func onConnections(target *server, count int, work func(*connection, *tally) error) (Result, error) {
	connections := make([]*connection, max(1, count))
	for index := range connections {
		opened, err := target.dial()
		if err != nil {
			return Result{}, err
		}
		defer opened.Close()
		connections[index] = opened
	}
	tallies := make([]*tally, len(connections))
	failures := make([]error, len(connections))
	var running sync.WaitGroup
	started, used := time.Now(), processorTime()
	for index, connection := range connections {
		tallies[index] = &tally{}
		running.Add(1)
		go func() {
			defer running.Done()
			failures[index] = work(connection, tallies[index])
		}()
	}
	running.Wait()
	result := sumUp(tallies, time.Since(started))
	result.ClientMs = inMs(processorTime() - used)
	return result, firstOf(failures)
}

// firstOf is one error for many: a server that is gone fails on every connection alike.
func firstOf(failures []error) error {
	failures = slices.DeleteFunc(failures, func(failure error) bool { return failure == nil })
	if len(failures) < 2 {
		return errors.Join(failures...)
	}
	return fmt.Errorf("%w (and %d more)", failures[0], len(failures)-1)
}

// processorTime is what this program has used so far.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// turns hands out numbers until there are enough or the time has passed.
type turns struct {
	next  atomic.Int64
	count int64
	end   time.Time
}

func newTurns(job *Job) *turns {
	made := &turns{count: int64(job.Count)}
	if job.ForMs > 0 {
		made.end = time.Now().Add(time.Duration(job.ForMs) * time.Millisecond)
	}
	return made
}

func (t *turns) take() (int, bool) {
	if !t.end.IsZero() && time.Now().After(t.end) {
		return 0, false
	}
	number := t.next.Add(1) - 1
	return int(number), t.count == 0 || number < t.count
}

func runRequests(target *server, job *Job) (Result, error) {
	groupSize := max(1, job.GroupSize)
	groups := len(job.Targets) / groupSize
	if groups == 0 {
		return Result{}, errors.New("no targets")
	}
	turns := sync.OnceValue(func() *turns { return newTurns(job) })
	return onConnections(target, job.Connections, func(c *connection, t *tally) error {
		for {
			number, isMore := turns().take()
			if !isMore {
				return nil
			}
			first := number % groups * groupSize
			for _, path := range job.Targets[first : first+groupSize] {
				started := time.Now()
				got, err := c.expect(200, request{method: job.Method, target: path})
				if err != nil {
					return err
				}
				t.add(time.Since(started), got.bytes)
			}
			t.units++
		}
	})
}

// runPages asks for the first target and follows the Link of each answer to the end, again and again.
func runPages(target *server, job *Job) (Result, error) {
	turns := sync.OnceValue(func() *turns { return newTurns(job) })
	return onConnections(target, job.Connections, func(c *connection, t *tally) error {
		for {
			if _, isMore := turns().take(); !isMore {
				return nil
			}
			for next := job.Targets[0]; next != ""; {
				started := time.Now()
				got, err := c.expect(200, request{method: "GET", target: next})
				if err != nil {
					return err
				}
				t.add(time.Since(started), got.bytes)
				next = nextPage(got.link)
			}
			t.units++
		}
	})
}

// nextPage is the path in `</v2/_catalog?last=a&n=100>; rel="next"`.
func nextPage(link string) string {
	_, after, _ := strings.Cut(link, "<")
	address, _, isThere := strings.Cut(after, ">")
	if !isThere {
		return ""
	}
	return pathOf(address)
}

// pathOf takes scheme and host away, which distribution puts before its addresses.
func pathOf(address string) string {
	if _, after, isAbsolute := strings.Cut(address, "://"); isAbsolute {
		return after[strings.IndexByte(after+"/", '/'):]
	}
	return address
}
