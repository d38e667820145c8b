// Follows a log with what Go's module proxy follows its checksum database with: golang.org/x/mod/sumdb/tlog reads tiles, makes and
// checks proofs, golang.org/x/mod/sumdb/note opens the signed head. Theirs is all of the arithmetic; ours are the HTTP calls, and the
// line that verifies ECDSA, because Go's own notes are signed with Ed25519.
//
// From Debian's packages, without a module and without a network:
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run main.go http://127.0.0.1:8002/audit TOKEN VKEY
package main

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// C2SP tlog-tiles fixes the height, so it is not in a tile's name as it is in Go's.
const height = 8

type verifier struct {
	name string
	hash uint32
	key  *ecdsa.PublicKey
}

func (v verifier) Name() string    { return v.name }
func (v verifier) KeyHash() uint32 { return v.hash }
func (v verifier) Verify(text, signature []byte) bool {
	digest := sha256.Sum256(text)
	return ecdsa.VerifyASN1(v.key, digest[:], signature)
}

func parseKey(vkey string) verifier {
	parts := strings.SplitN(vkey, "+", 3)
	data, err := base64.StdEncoding.DecodeString(parts[2])
	must(err)
	if data[0] != 2 {
		must(fmt.Errorf("a key of type %d", data[0]))
	}
	key, err := x509.ParsePKIXPublicKey(data[1:])
	must(err)
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	must(err)
	return verifier{parts[0], uint32(hash), key.(*ecdsa.PublicKey)}
}

type server struct {
	url, token string
	tiles      int
	// Set to see what happens to somebody who is shown other hashes.
	broken bool
}

func (s *server) get(path string) []byte {
	request, err := http.NewRequest("GET", s.url+"/"+path, nil)
	must(err)
	request.Header.Set("Authorization", "Bearer "+s.token)
	client := http.Client{Timeout: 30 * time.Second}
	answer, err := client.Do(request)
	must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 32<<20))
	must(err)
	if answer.StatusCode != http.StatusOK {
		must(fmt.Errorf("%s: %s %s", path, answer.Status, body))
	}
	return body
}

func (s *server) Height() int                         { return height }
func (s *server) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (s *server) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		body := s.get(strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if s.broken {
			body[0] ^= 1
		}
		data = append(data, body)
		s.tiles++
	}
	return data, nil
}

func entriesIn(bundle []byte) (entries [][]byte) {
	for len(bundle) > 0 {
		length := int(binary.BigEndian.Uint16(bundle))
		entries = append(entries, bundle[2:2+length])
		bundle = bundle[2+length:]
	}
	return entries
}

func main() {
	log := &server{url: os.Args[1], token: os.Args[2]}
	key := parseKey(os.Args[3])

	head := log.get("checkpoint")
	opened, err := note.Open(head, note.VerifierList(key))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	fmt.Printf("head       %s, %d facts, %d good signature\n", lines[0], size, len(opened.Sigs))

	tree := tlog.Tree{N: size, Hash: root}
	hashes := tlog.TileHashReader(tree, log)
	records := 0
	for first := int64(0); first < size; first += 1 << height {
		tile := tlog.Tile{H: height, L: -1, N: first >> height, W: 1 << height}
		if size-first < int64(tile.W) {
			tile.W = int(size - first)
		}
		path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
		for i, entry := range entriesIn(log.get(path)) {
			index := first + int64(i)
			proof, err := tlog.ProveRecord(size, index, hashes)
			must(err)
			must(tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(entry)))
			refused(tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(append(entry[:len(entry):len(entry)], ' '))), "another leaf")
			records++
		}
	}
	fmt.Printf("records    %d proved, %d refused with another leaf\n", records, records)

	trees := 0
	for old := int64(1); old <= size; old++ {
		before, err := tlog.TreeHash(old, hashes)
		must(err)
		proof, err := tlog.ProveTree(size, old, hashes)
		must(err)
		must(tlog.CheckTree(proof, size, root, old, before))
		before[3] ^= 1
		refused(tlog.CheckTree(proof, size, root, old, before), "another older tree")
		trees++
	}
	fmt.Printf("trees      %d older ones proved, %d refused with another root\n", trees, trees)
	fmt.Printf("tiles      %d read\n", log.tiles)

	broken := &server{url: log.url, token: log.token, broken: true}
	_, err = tlog.ProveRecord(size, 0, tlog.TileHashReader(tree, broken))
	refused(err, "a tile with one bit changed")
	fmt.Printf("tile       refused with one bit changed: %v\n", err)

	forged := []byte(strings.Replace(string(head), "\n"+lines[1]+"\n", "\n"+strconv.FormatInt(size+1, 10)+"\n", 1))
	_, err = note.Open(forged, note.VerifierList(key))
	refused(err, "another size under the signature")
	fmt.Printf("head       refused with another size: %v\n", err)
	fmt.Println("PROVEN")
}

func refused(err error, what string) {
	if err == nil {
		must(fmt.Errorf("taken although there was %s", what))
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
