// Command sumdb judges a published log with Go's own log code (golang.org/x/mod/sumdb/note and
// sumdb/tlog), which shares nothing with this project.
//
//	sumdb inclusion   -key VKEY -proof FILE -entry FILE [-checkpoint FILE]
//	sumdb consistency -key VKEY -checkpoint FILE -old FILE -dir DIR
//	sumdb tiles       -key VKEY -checkpoint FILE -dir DIR
//	sumdb cosigned    -key VKEY -witness VKEY -checkpoint FILE
//
// VKEY is a verifier key string; its name must be the checkpoint's origin. DIR is the folder above
// "log/tile". "inclusion" takes a tlog-proof; given a checkpoint too, the proof must hold the same one.
// "consistency" proves from tiles that the checkpoint continues the old one. "tiles" rebuilds the whole
// tree from the entry bundles and compares every tile. "cosigned" takes a checkpoint that both the log and
// a witness (type 0x04) have signed. Exit status 0 and one line "ok ...", or 1.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("which judgement: inclusion, consistency, tiles or cosigned?")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	key := flags.String("key", "", "verifier key")
	checkpoint := flags.String("checkpoint", "", "file of the signed checkpoint")
	old := flags.String("old", "", "file of an older signed checkpoint")
	proof := flags.String("proof", "", "file of the tlog-proof")
	entry := flags.String("entry", "", "file of the entry")
	dir := flags.String("dir", "", "folder above log/tile")
	witness := flags.String("witness", "", "verifier key of a witness")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	verifier, err := note.NewVerifier(*key)
	if err != nil {
		return err
	}
	switch args[0] {
	case "inclusion":
		return inclusion(verifier, *checkpoint, *proof, *entry)
	case "consistency":
		return consistency(verifier, *checkpoint, *old, *dir)
	case "tiles":
		return tiles(verifier, *checkpoint, *dir)
	case "cosigned":
		return cosigned(verifier, *witness, *checkpoint)
	}
	return fmt.Errorf("no judgement is called %q", args[0])
}

// openCheckpoint verifies a signed checkpoint and reads its three lines.
func openCheckpoint(verifier note.Verifier, data []byte) (tlog.Tree, error) {
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("not a checkpoint of this origin")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, errors.New("not a size: " + lines[1])
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
}

func readCheckpoint(verifier note.Verifier, path string) (tlog.Tree, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return tlog.Tree{}, err
	}
	return openCheckpoint(verifier, data)
}

func inclusion(verifier note.Verifier, checkpointPath, proofPath, entryPath string) error {
	data, err := os.ReadFile(proofPath)
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(entryPath)
	if err != nil {
		return err
	}
	head, checkpoint, found := bytes.Cut(data, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a tlog-proof")
	}
	if checkpointPath != "" {
		other, err := os.ReadFile(checkpointPath)
		if err != nil {
			return err
		}
		if !bytes.Equal(other, checkpoint) {
			return errors.New("the proof holds another checkpoint")
		}
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(hash) != tlog.HashSize {
			return errors.New("not a hash: " + line)
		}
		proof = append(proof, tlog.Hash(*(*[tlog.HashSize]byte)(hash)))
	}
	tree, err := openCheckpoint(verifier, checkpoint)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
		return err
	}
	fmt.Printf("ok entry %d size %d root %s\n", index, tree.N, tree.Hash)
	return nil
}

func consistency(verifier note.Verifier, checkpointPath, oldPath, dir string) error {
	tree, err := readCheckpoint(verifier, checkpointPath)
	if err != nil {
		return err
	}
	old, err := readCheckpoint(verifier, oldPath)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(tree.N, old.N, tlog.TileHashReader(tree, folder(dir)))
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		return err
	}
	fmt.Printf("ok size %d continues size %d\n", tree.N, old.N)
	return nil
}

// tiles rebuilds the tree from its entries alone and compares root and tiles with what is published.
func tiles(verifier note.Verifier, checkpointPath, dir string) error {
	tree, err := readCheckpoint(verifier, checkpointPath)
	if err != nil {
		return err
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, index := range indexes {
			hashes = append(hashes, stored[index])
		}
		return hashes, nil
	})
	entries, err := readEntries(dir, tree.N)
	if err != nil {
		return err
	}
	for n, entry := range entries {
		hashes, err := tlog.StoredHashes(int64(n), entry, reader)
		if err != nil {
			return err
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("the entries give root %s, the checkpoint says %s", root, tree.Hash)
	}
	for _, tile := range tlog.NewTiles(height, 0, tree.N) {
		want, err := tlog.ReadTileData(tile, reader)
		if err != nil {
			return err
		}
		got, err := os.ReadFile(tilePath(dir, tile))
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("tile %s holds other hashes", tile.Path())
		}
	}
	fmt.Printf("ok size %d root %s\n", tree.N, tree.Hash)
	return nil
}

// readEntries reads all entry bundles of a log, each entry after its length as big-endian uint16.
func readEntries(dir string, size int64) ([][]byte, error) {
	var entries [][]byte
	for start := int64(0); start < size; start += 1 << height {
		width := size - start
		if width > 1<<height {
			width = 1 << height
		}
		tile := tlog.Tile{H: height, L: -1, N: start >> height, W: int(width)}
		data, err := os.ReadFile(tilePath(dir, tile))
		if err != nil {
			return nil, err
		}
		for ; width > 0; width-- {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("bundle %s is cut off", tile.Path())
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			entries = append(entries, data[2:end])
			data = data[end:]
		}
		if len(data) != 0 {
			return nil, fmt.Errorf("bundle %s holds too much", tile.Path())
		}
	}
	return entries, nil
}

// tilePath turns Go's path of a tile into that of C2SP tlog-tiles: no height, "entries" for data.
func tilePath(dir string, tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	path = strings.Replace(path, "data/", "entries/", 1)
	return filepath.Join(dir, "log", "tile", filepath.FromSlash(path))
}

// folder reads tiles from a folder; it is a tlog.TileReader.
type folder string

func (dir folder) Height() int { return height }

func (dir folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(tilePath(string(dir), tile))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (dir folder) SaveTiles([]tlog.Tile, [][]byte) {}

// cosigner verifies the lines of a witness (C2SP tlog-cosignature, Ed25519): note.Open asks it for lines
// of its name and hash, as it asks its own verifiers.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }

func (c cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(signature)
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, text)
	return ed25519.Verify(c.key, []byte(message), signature[8:])
}

func newCosigner(vkey string) (cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return cosigner{}, errors.New("not a verifier key")
	}
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return cosigner{}, err
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return cosigner{}, errors.New("not a key of type 0x04")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	if binary.BigEndian.Uint32(sum[:]) != uint32(hash) {
		return cosigner{}, errors.New("a key hash that does not fit")
	}
	return cosigner{parts[0], uint32(hash), key[1:]}, nil
}

func cosigned(log note.Verifier, vkey, path string) error {
	witness, err := newCosigner(vkey)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	opened, err := note.Open(data, note.VerifierList(log, witness))
	if err != nil {
		return err
	}
	if len(opened.Sigs) != 2 || opened.Sigs[1].Name != witness.name {
		return fmt.Errorf("%d of two signatures are there", len(opened.Sigs))
	}
	tree, err := openCheckpoint(log, data)
	if err != nil {
		return err
	}
	fmt.Println("ok: size", tree.N, "root", tree.Hash, "cosigned by", witness.name)
	return nil
}
