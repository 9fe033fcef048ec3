package main

import (
	"io"
	"strings"
	"sync/atomic"
	"time"
)

const binaryType = "application/octet-stream"

// pushBlob stores a blob as clients do; the latency of each request goes to the tally.
func pushBlob(c *connection, t *tally, repository string, blob content, isChunked bool) error {
	started := time.Now()
	got, err := c.expect(202, request{method: "POST", target: "/v2/" + repository + "/blobs/uploads/"})
	if err != nil {
		return err
	}
	started = t.since(started)
	put := request{method: "PUT", contentType: binaryType, sizeBytes: blob.sizeBytes, body: blob.writeTo}
	if isChunked {
		patch := request{method: "PATCH", target: pathOf(got.location), contentType: binaryType, isChunked: true, body: blob.writeTo}
		if got, err = c.expect(202, patch); err != nil {
			return err
		}
		started = t.since(started)
		put.sizeBytes, put.body = 0, nil
	}
	separator := "?"
	if strings.Contains(got.location, "?") {
		separator = "&"
	}
	put.target = pathOf(got.location) + separator + "digest=" + blob.digest()
	if _, err = c.expect(201, put); err != nil {
		return err
	}
	t.since(started)
	t.bytes += blob.sizeBytes
	return nil
}

func (t *tally) since(started time.Time) time.Time {
	now := time.Now()
	t.add(now.Sub(started), 0)
	return now
}

func pushBlobs(target *server, job *Job) (Result, error) {
	blobs := make([]content, job.Count)
	for number := range blobs {
		blobs[number] = blobOf(job, number)
		blobs[number].digest()
	}
	var next atomic.Int64
	return onConnections(target, job.Connections, func(c *connection, t *tally) error {
		for number := next.Add(1) - 1; number < int64(len(blobs)); number = next.Add(1) - 1 {
			if err := pushBlob(c, t, job.Repository, blobs[number], job.Chunked); err != nil {
				return err
			}
			t.units++
		}
		return nil
	})
}

func pushImages(target *server, job *Job) (Result, error) {
	images := imagesOf(job)
	var next atomic.Int64
	return onConnections(target, job.Connections, func(c *connection, t *tally) error {
		for number := next.Add(1) - 1; number < int64(len(images)); number = next.Add(1) - 1 {
			if err := pushImage(c, t, images[number]); err != nil {
				return err
			}
			t.units++
		}
		return nil
	})
}

// pushImage asks for each blob first, as every client does.
func pushImage(c *connection, t *tally, made image) error {
	for _, blob := range made.blobs {
		started := time.Now()
		got, err := c.send(request{method: "HEAD", target: "/v2/" + made.repository + "/blobs/" + blob.digest()})
		if err != nil {
			return err
		}
		t.since(started)
		if got.status == 200 {
			continue
		}
		if err := pushBlob(c, t, made.repository, blob, false); err != nil {
			return err
		}
	}
	started := time.Now()
	_, err := c.expect(201, request{
		method:      "PUT",
		target:      "/v2/" + made.repository + "/manifests/" + made.tag,
		contentType: manifestType,
		sizeBytes:   int64(len(made.manifest)),
		body:        func(to io.Writer) error { _, err := to.Write(made.manifest); return err },
	})
	t.since(started)
	return err
}
