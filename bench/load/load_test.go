package main

import (
	"bytes"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	var sorted []time.Duration
	for value := range 100 {
		sorted = append(sorted, time.Duration(value+1))
	}
	for part, want := range map[float64]time.Duration{0: 1, 0.5: 50, 0.99: 99, 1: 100} {
		if got := percentile(sorted, part); got != want {
			t.Errorf("percentile %v: %d, not %d", part, got, want)
		}
	}
	if got := percentile(nil, 0.5); got != 0 {
		t.Errorf("percentile of nothing: %d", got)
	}
}

func TestNextPage(t *testing.T) {
	for link, want := range map[string]string{
		`</v2/_catalog?last=a&n=1>; rel="next"`:            "/v2/_catalog?last=a&n=1",
		`<http://127.0.0.1:5000/v2/_catalog?n=1>; rel="x"`: "/v2/_catalog?n=1",
		"":   "",
		"</": "",
	} {
		if got := nextPage(link); got != want {
			t.Errorf("nextPage(%q): %q, not %q", link, got, want)
		}
	}
}

func TestContentHasItsSizeAndDiffersBySeed(t *testing.T) {
	for _, size := range []int64{0, 1, 31, 33, blockBytes - 1, blockBytes, blockBytes + 1, 3*blockBytes + 7} {
		var one, other bytes.Buffer
		if newContent("a", size).writeTo(&one) != nil || newContent("b", size).writeTo(&other) != nil {
			t.Fatal("writing to memory failed")
		}
		if int64(one.Len()) != size {
			t.Errorf("%d bytes, not %d", one.Len(), size)
		}
		if size > 1 && bytes.Equal(one.Bytes(), other.Bytes()) {
			t.Errorf("the same content of %d bytes from two seeds", size)
		}
	}
}
