package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"time"
)

// No job of a benchmark takes as long; a server that hangs ends in an error.
const connectionLife = 15 * time.Minute

const copyBufferBytes = 256 << 10

// server is where connections go.
type server struct {
	address string
	tls     *tls.Config
}

func parseServer(text, ca string) (*server, error) {
	parsed, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	if parsed.Scheme == "http" {
		return &server{address: parsed.Host}, nil
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate in it", ca)
	}
	return &server{parsed.Host, &tls.Config{RootCAs: pool, ServerName: parsed.Hostname()}}, nil
}

// connection sends one request after the other and throws bodies away.
type connection struct {
	net.Conn
	host   string
	reader *bufio.Reader
	head   []byte
	buffer []byte
}

func (s *server) dial() (*connection, error) {
	plain, err := net.Dial("tcp", s.address)
	if err != nil {
		return nil, err
	}
	if err := plain.SetDeadline(time.Now().Add(connectionLife)); err != nil {
		return nil, err
	}
	conn := plain
	if s.tls != nil {
		secured := tls.Client(plain, s.tls)
		if err := secured.Handshake(); err != nil {
			return nil, err
		}
		conn = secured
	}
	return &connection{Conn: conn, host: s.address, reader: bufio.NewReaderSize(conn, 16<<10)}, nil
}

// request is one request; a body comes from a function that writes exactly sizeBytes, or chunks.
type request struct {
	method, target string
	contentType    string
	sizeBytes      int64
	isChunked      bool
	body           func(io.Writer) error
}

// response is what is looked at; the body was counted.
type response struct {
	status         int
	location, link string
	bytes          int64
}

// Every type that a manifest may have; distribution answers 404 for one that is not asked for.
const accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*"

func (c *connection) send(r request) (response, error) {
	head := append(c.head[:0], r.method...)
	head = append(append(append(head, ' '), r.target...), " HTTP/1.1\r\nHost: "...)
	head = append(append(head, c.host...), "\r\nAccept: "+accept+"\r\n"...)
	if r.contentType != "" {
		head = append(append(append(head, "Content-Type: "...), r.contentType...), "\r\n"...)
	}
	if r.isChunked {
		head = append(head, "Transfer-Encoding: chunked\r\n"...)
	} else if r.method != "GET" && r.method != "HEAD" {
		head = append(strconv.AppendInt(append(head, "Content-Length: "...), r.sizeBytes, 10), "\r\n"...)
	}
	c.head = append(head, "\r\n"...)
	if err := c.write(r); err != nil {
		return response{}, fmt.Errorf("%s %s: %w", r.method, r.target, err)
	}
	got, err := c.receive(r.method)
	if err != nil {
		return got, fmt.Errorf("%s %s: %w", r.method, r.target, err)
	}
	return got, nil
}

// expect is send, and an error unless the status is this one.
func (c *connection) expect(status int, r request) (response, error) {
	got, err := c.send(r)
	if err == nil && got.status != status {
		return got, fmt.Errorf("%s %s: answered %d, not %d", r.method, r.target, got.status, status)
	}
	return got, err
}

// Head and a small body leave in one write, as with every client.
func (c *connection) write(r request) error {
	if r.body != nil && !r.isChunked && r.sizeBytes <= copyBufferBytes {
		whole := bytes.NewBuffer(c.head)
		if err := r.body(whole); err != nil {
			return err
		}
		c.head = whole.Bytes()
		_, err := c.Write(c.head)
		return err
	}
	if _, err := c.Write(c.head); err != nil || r.body == nil {
		return err
	}
	if !r.isChunked {
		return r.body(c.Conn)
	}
	chunked := httputil.NewChunkedWriter(c.Conn)
	if err := r.body(chunked); err != nil {
		return err
	}
	if err := chunked.Close(); err != nil {
		return err
	}
	_, err := io.WriteString(c.Conn, "\r\n")
	return err
}

func (c *connection) receive(method string) (response, error) {
	var got response
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return got, err
	}
	if len(line) < 12 {
		return got, errors.New("not an HTTP response")
	}
	if got.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return got, err
	}
	length, isChunked := int64(0), false
	for {
		if line, err = c.reader.ReadSlice('\n'); err != nil {
			return got, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case isName(name, "content-length"):
			length, err = strconv.ParseInt(string(value), 10, 64)
		case isName(name, "transfer-encoding"):
			isChunked = true
		case isName(name, "location"):
			got.location = string(value)
		case isName(name, "link"):
			got.link = string(value)
		}
		if err != nil {
			return got, err
		}
	}
	if method == "HEAD" || got.status == 204 || got.status == 304 {
		return got, nil
	}
	got.bytes, err = c.discard(length, isChunked)
	return got, err
}

func isName(name []byte, want string) bool {
	return len(name) == len(want) && bytes.EqualFold(name, []byte(want))
}

func (c *connection) discard(length int64, isChunked bool) (int64, error) {
	if isChunked {
		read, err := io.Copy(io.Discard, httputil.NewChunkedReader(c.reader))
		for err == nil {
			var line []byte
			if line, err = c.reader.ReadSlice('\n'); err == nil && len(bytes.TrimSpace(line)) == 0 {
				break
			}
		}
		return read, err
	}
	buffered := min(length, int64(c.reader.Buffered()))
	if _, err := c.reader.Discard(int(buffered)); err != nil {
		return 0, err
	}
	if left := length - buffered; left <= int64(c.reader.Size()) {
		_, err := c.reader.Discard(int(left))
		return length, err
	}
	if c.buffer == nil {
		c.buffer = make([]byte, copyBufferBytes)
	}
	for left := length - buffered; left > 0; {
		read, err := c.Read(c.buffer[:min(left, copyBufferBytes)])
		left -= int64(read)
		if err != nil && left > 0 {
			return length - left, err
		}
	}
	return length, nil
}
