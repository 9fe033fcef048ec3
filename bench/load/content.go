package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"sync"
	"sync/atomic"
)

const blockBytes = 1 << 20

// block is what every content repeats; what makes each different are its first bytes.
var block = func() []byte {
	bytes := make([]byte, blockBytes)
	rand.New(rand.NewSource(1)).Read(bytes)
	return bytes
}()

// content is made while it is sent and never lies anywhere whole.
type content struct {
	contentKey
	// progress, where there is one, is told what has been sent while it is sent.
	progress *atomic.Int64
}

type contentKey struct {
	seed      string
	sizeBytes int64
}

func newContent(seed string, sizeBytes int64) content {
	return content{contentKey: contentKey{seed, sizeBytes}}
}

func (c content) writeTo(to io.Writer) error {
	first := sha256.Sum256([]byte(c.seed))
	lead := min(c.sizeBytes, int64(len(first)))
	// The first block is sent in one piece with them.
	piece := append(append(make([]byte, 0, blockBytes), first[:lead]...), block[:min(c.sizeBytes, blockBytes)-lead]...)
	for sent := int64(0); sent < c.sizeBytes; {
		written, err := to.Write(piece)
		if err != nil {
			return err
		}
		sent += int64(written)
		if c.progress != nil {
			c.progress.Add(int64(written))
		}
		piece = block[:min(c.sizeBytes-sent, blockBytes)]
	}
	return nil
}

var knownDigests sync.Map

// digest is computed once: the same content goes to each registry in turn.
func (c content) digest() string {
	if known, ok := knownDigests.Load(c.contentKey); ok {
		return known.(string)
	}
	hash := sha256.New()
	if err := c.writeTo(hash); err != nil {
		panic(err)
	}
	digest := "sha256:" + hex.EncodeToString(hash.Sum(nil))
	knownDigests.Store(c.contentKey, digest)
	return digest
}

// blobOf makes the blob of that number.
func blobOf(job *Job, number int) content {
	return newContent(fmt.Sprintf("%s blob %d", job.Seed, number), job.SizeBytes)
}

const manifestType = "application/vnd.oci.image.manifest.v1+json"

type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size"`
}

// image is what one push stores.
type image struct {
	repository, tag string
	blobs           []content
	manifest        []byte
}

// imageOf makes the image of that number: a configuration and layers of the job's sizes.
func imageOf(job *Job, number int) image {
	made := image{repository: job.Repository, tag: fmt.Sprintf("%s-%d", job.Seed, number)}
	if job.Spread {
		made.repository = fmt.Sprintf("%s-%d", job.Repository, number)
	}
	var descriptors []descriptor
	for index, size := range job.BlobSizes {
		blob := newContent(fmt.Sprintf("%s %d %d", job.Seed, number, index), size)
		made.blobs = append(made.blobs, blob)
		mediaType := "application/vnd.oci.image.layer.v1.tar+gzip"
		if index == 0 {
			mediaType = "application/vnd.oci.image.config.v1+json"
		}
		descriptors = append(descriptors, descriptor{mediaType, blob.digest(), size})
	}
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": manifestType, "config": descriptors[0], "layers": descriptors[1:],
	})
	if err != nil {
		panic(err)
	}
	made.manifest = manifest
	return made
}

func imagesOf(job *Job) []image {
	images := make([]image, job.Count)
	for number := range images {
		images[number] = imageOf(job, number)
	}
	return images
}

// described tells how an image is asked for.
type described struct {
	Repository string   `json:"repository"`
	Tag        string   `json:"tag"`
	Digest     string   `json:"digest"`
	Blobs      []string `json:"blobs"`
}

type descriptions struct {
	Images []described `json:"images"`
	Blobs  []string    `json:"blobs"`
}

// describe tells what pushImages, or with a size pushBlobs, would store for the same job.
func describe(job *Job) descriptions {
	answer := descriptions{Images: []described{}, Blobs: []string{}}
	if job.SizeBytes > 0 {
		for number := range job.Count {
			answer.Blobs = append(answer.Blobs, blobOf(job, number).digest())
		}
		return answer
	}
	for _, image := range imagesOf(job) {
		hash := sha256.Sum256(image.manifest)
		one := described{Repository: image.repository, Tag: image.tag, Digest: "sha256:" + hex.EncodeToString(hash[:])}
		for _, blob := range image.blobs {
			one.Blobs = append(one.Blobs, blob.digest())
		}
		answer.Images = append(answer.Images, one)
	}
	return answer
}
