// Load is the client of `npm run bench`: it is given jobs on standard input, one JSON object a line, and answers each with
// a line of JSON. It speaks HTTP/1.1 itself, because net/http's client costs more than the servers that are measured.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	answers := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) == 0 && err != nil {
			return
		}
		if err := answers.Encode(answer(line)); err != nil {
			fmt.Fprintln(os.Stderr, "load:", err)
			os.Exit(1)
		}
	}
}

func answer(line []byte) any {
	var job Job
	if err := json.Unmarshal(line, &job); err != nil {
		return failure{"not a job: " + err.Error()}
	}
	done, err := run(&job)
	if err != nil {
		return failure{err.Error()}
	}
	return done
}

func run(job *Job) (any, error) {
	if job.Kind == "describe" {
		return describe(job), nil
	}
	target, err := parseServer(job.URL, job.CA)
	if err != nil {
		return nil, err
	}
	switch job.Kind {
	case "requests":
		return runRequests(target, job)
	case "pages":
		return runPages(target, job)
	case "pushBlobs":
		return pushBlobs(target, job)
	case "pushImages":
		return pushImages(target, job)
	case "mixed":
		return runMixed(target, job)
	}
	return nil, fmt.Errorf("no such kind of job: %q", job.Kind)
}
