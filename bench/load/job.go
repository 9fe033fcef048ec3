package main

// Job is what is to be done; each kind reads the fields it needs.
type Job struct {
	Kind string `json:"kind"`
	// URL is the server's, CA the file that its certificate is checked by.
	URL string `json:"url"`
	CA  string `json:"ca"`
	// Connections is how many requests are under way at once, each on a connection of its own.
	Connections int `json:"connections"`

	// Method and Targets are taken in turn, GroupSize of them one after the other on one connection (an image's manifest
	// and blobs, say), until Count groups are done or ForMs has passed.
	Method    string   `json:"method"`
	Targets   []string `json:"targets"`
	GroupSize int      `json:"groupSize"`
	Count     int      `json:"count"`
	ForMs     int      `json:"forMs"`

	// What is pushed: Count blobs of SizeBytes, or Count images with blobs of these BlobSizes, each different from
	// every other one with another Seed. Spread gives each image a repository of its own.
	Repository string  `json:"repository"`
	Spread     bool    `json:"spread"`
	Seed       string  `json:"seed"`
	SizeBytes  int64   `json:"sizeBytes"`
	BlobSizes  []int64 `json:"blobSizes"`
	// Chunked sends a blob as docker does: POST, PATCH of unknown length, PUT. Otherwise POST and PUT.
	Chunked bool `json:"chunked"`

	// Bulk is what goes on beside the small requests of a mixed job: blobs pulled without end, and blobs of SizeBytes
	// pushed without end, Pushes at once. Each small connection asks once every EveryMs.
	Pulls   []string `json:"pulls"`
	Pushes  int      `json:"pushes"`
	EveryMs float64  `json:"everyMs"`
}

type failure struct {
	Error string `json:"error"`
}

// Result is what a job came to.
type Result struct {
	WallMs   float64 `json:"wallMs"`
	Requests int     `json:"requests"`
	// Units is how many groups, pages, blobs or images were finished.
	Units int     `json:"units"`
	Bytes int64   `json:"bytes"`
	P50Ms float64 `json:"p50Ms"`
	P99Ms float64 `json:"p99Ms"`
	MaxMs float64 `json:"maxMs"`
	// ClientMs is the processor time of this program meanwhile.
	ClientMs float64 `json:"clientMs"`
}
