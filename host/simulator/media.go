package simulator

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
)

// Media is a file in the simulator's keeping.
type Media struct {
	ID       string // digits; made up when empty
	MIME     string
	Filename string
	Data     []byte
}

// medium is a Media at work.
type medium struct {
	Media
	owner *number // who may get it by its id; nil: every number
	key   string  // in the address that needs no token
	until time.Time
}

const (
	maxUpload   = 100 << 20 // a document's
	maxMedia    = 256 << 20 // of all files together; the oldest go
	urlLife     = 5 * time.Minute
	uploadLife  = 30 * 24 * time.Hour
	inboundLife = 7 * 24 * time.Hour
)

// sizes are the documented limits by the first part of a MIME type; documents
// may have maxUpload.
var sizes = map[string]int{"image": 5 << 20, "video": 16 << 20, "audio": 16 << 20}

// library holds files by id.
type library struct {
	byID  map[string]*medium
	order []*medium // oldest first
	bytes int
	gone  map[deleted]bool
}

// deleted names a file that a number has deleted.
type deleted struct {
	by *number
	id string
}

func newLibrary() library {
	return library{byID: map[string]*medium{}, gone: map[deleted]bool{}}
}

// put keeps a file. s.mu is held.
func (s *Simulator) putMedia(m Media, owner *number, life time.Duration) *medium {
	if m.ID == "" {
		m.ID = digits(s.random, 16)
	}
	kept := &medium{Media: m, owner: owner, key: digits(s.random, 24), until: s.now().Add(life)}
	s.media.drop(m.ID)
	delete(s.media.gone, deleted{owner, m.ID})
	s.media.byID[m.ID] = kept
	s.media.order = append(s.media.order, kept)
	s.media.bytes += len(m.Data)
	for s.media.bytes > maxMedia && len(s.media.order) > 1 {
		s.media.drop(s.media.order[0].ID)
	}
	return kept
}

func (l *library) drop(id string) {
	m := l.byID[id]
	if m == nil {
		return
	}
	delete(l.byID, id)
	l.order = slices.DeleteFunc(l.order, func(other *medium) bool { return other == m })
	l.bytes -= len(m.Data)
}

// AddMedia keeps a file as if every business had uploaded it, and returns its
// id.
func (s *Simulator) AddMedia(m Media) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.putMedia(m, nil, uploadLife).ID
}

// file finds a file that a number may use, nil if there is none. s.mu is held.
func (s *Simulator) file(id string, n *number) *medium {
	m := s.media.byID[id]
	if m == nil || m.owner != nil && m.owner != n || s.now().After(m.until) {
		return nil
	}
	return m
}

// checkMedia refuses ids that stand for no file. Digits nobody has ever seen
// are taken: the file may have been uploaded before a restart.
func (s *Simulator) checkMedia(n *number, r *sendRequest) error {
	var f file
	if !strings.Contains("image video audio document sticker", r.Type) || read(r.Type, r.content(), &f) != nil || f.ID == "" {
		return nil
	}
	known := s.media.byID[f.ID] != nil
	strange := strings.Trim(f.ID, "0123456789") != ""
	if s.media.gone[deleted{n, f.ID}] || known && s.now().After(s.media.byID[f.ID].until) || !known && strange {
		return parameter("Param %s['id'] is not a valid whatsapp business account media attachment ID", r.Type)
	}
	return nil
}

// uploadMedia serves POST /{phone number id}/media.
func (c *call) uploadMedia() (any, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	form, err := c.ctx.MultipartForm()
	if err != nil || len(form.Value["messaging_product"]) == 0 || len(form.File["file"]) == 0 {
		return nil, parameter("The parameters messaging_product and file are required.")
	}
	header := form.File["file"][0]
	data, err := readPart(header)
	if err != nil {
		return nil, graph(131053, err.Error())
	}
	mime := header.Header.Get("Content-Type")
	if declared := form.Value["type"]; len(declared) > 0 && strings.Contains(declared[0], "/") {
		mime = declared[0]
	}
	family, _, _ := strings.Cut(mime, "/")
	if limit := sizes[family]; limit > 0 && len(data) > limit {
		return nil, graph(131053, fmt.Sprintf("Media file size too big. Max file size we currently support: %d bytes.", limit))
	}
	kept := c.s.putMedia(Media{MIME: strings.Clone(mime), Filename: strings.Clone(header.Filename), Data: data}, n, uploadLife)
	return object{"id": kept.ID}, nil
}

func readPart(header *multipart.FileHeader) ([]byte, error) {
	part, err := header.Open()
	if err != nil {
		return nil, fmt.Errorf("open upload: %w", err)
	}
	defer part.Close()
	return io.ReadAll(io.LimitReader(part, maxUpload))
}

// getNode serves GET /{id} of a file or of the number itself. Kapso wants to
// know whose file it is.
func (c *call) getNode() (any, error) {
	id := c.path("node")
	if id == c.number.PhoneNumberID {
		return numberInfo(c.number), nil
	}
	m, err := c.medium()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(m.Data)
	info := object{"messaging_product": "whatsapp", "id": id, "mime_type": m.MIME, "file_size": strconv.Itoa(len(m.Data)),
		"sha256": hex.EncodeToString(sum[:]), "url": c.s.blobURL(m, c.number.OpenMedia)}
	if c.provider == crm.Kapso {
		info["download_url"] = c.s.blobURL(m, true)
	}
	return info, nil
}

func (c *call) medium() (*medium, error) {
	id := c.path("node")
	if c.provider == crm.Kapso && c.query("phone_number_id") == "" {
		return nil, flat(400, "phone_number_id is required", "missing_parameter")
	}
	if asked := c.query("phone_number_id"); asked != "" && asked != c.number.PhoneNumberID {
		return nil, noObject(string(c.ctx.Method()), asked)
	}
	m := c.s.file(id, c.number)
	if m == nil {
		return nil, noObject(string(c.ctx.Method()), id)
	}
	return m, nil
}

// deleteMedia serves DELETE /{media id}.
func (c *call) deleteMedia() (any, error) {
	m, err := c.medium()
	if err != nil {
		return nil, err
	}
	c.s.media.drop(m.ID)
	c.s.media.gone[deleted{c.number, m.ID}] = true
	return object{"success": true}, nil
}

// blobURL is where a file's bytes are for the next five minutes: open to
// everybody who has the address, or to those only who bring a token as well.
func (s *Simulator) blobURL(m *medium, open bool) string {
	until := strconv.FormatInt(s.now().Add(urlLife).Unix(), 10)
	if !open {
		return s.base + "/blob/" + m.ID + "?until=" + until
	}
	return s.base + "/blob/" + m.ID + "?until=" + until + "&key=" + m.key
}

// getBlob serves a file's bytes.
func (s *Simulator) getBlob(ctx *fasthttp.RequestCtx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.media.byID[pathValue(ctx, "id")]
	until, err := strconv.ParseInt(string(ctx.QueryArgs().Peek("until")), 10, 64)
	switch {
	case m == nil || err != nil || s.now().Unix() > until:
		ctx.Error("URL signature expired", fasthttp.StatusNotFound)
	case string(ctx.QueryArgs().Peek("key")) != m.key && !s.mayGet(ctx, m):
		ctx.Error("not authorised", fasthttp.StatusUnauthorized)
	default:
		ctx.SetContentType(m.MIME)
		ctx.Response.SetBodyRaw(m.Data) // never changed once kept
	}
}

// mayGet reports whether the request brings a token of a number that may have
// the file.
func (s *Simulator) mayGet(ctx *fasthttp.RequestCtx, m *medium) bool {
	bearer, _ := bytes.CutPrefix(ctx.Request.Header.Peek("Authorization"), []byte("Bearer "))
	for _, n := range s.numbers {
		if n.Token != "" && crm.Secret(bearer) == n.Token && (m.owner == nil || m.owner == n) {
			return true
		}
	}
	return false
}

// showMedia serves a file to the phone page. What is no plain picture is never
// shown in the page's origin.
func (s *Simulator) showMedia(ctx *fasthttp.RequestCtx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.media.byID[pathValue(ctx, "id")]
	if m == nil {
		ctx.Error("no such file", fasthttp.StatusNotFound)
		return
	}
	secure(ctx, "default-src 'none'; sandbox")
	ctx.SetContentType("application/octet-stream")
	if pictures[m.MIME] {
		ctx.SetContentType(m.MIME)
	} else {
		ctx.Response.Header.Set("Content-Disposition", "attachment")
	}
	ctx.Response.SetBodyRaw(m.Data)
}

var pictures = map[string]bool{"image/png": true, "image/jpeg": true, "image/webp": true, "image/gif": true}

// samplePicture is what a customer sends who was given no picture.
var samplePicture = sync.OnceValue(func() []byte {
	const size = 240
	noise := rand.New(rand.NewPCG(21, 21))
	picture := image.NewRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			shade := uint8(noise.IntN(12))
			picture.Set(x, y, color.RGBA{R: uint8(80+x/3) + shade, G: uint8(150-y/4) + shade, B: uint8(190-x/4) + shade, A: 255})
		}
	}
	var out bytes.Buffer
	_ = png.Encode(&out, picture) // into memory
	return out.Bytes()
})
