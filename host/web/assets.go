package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"path"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
)

//go:embed static
var staticFiles embed.FS

// asset is a file the pages are made with.
type asset struct {
	mime string
	body []byte
}

// assets are the files by the name they are asked for, which holds the hash of
// their content: a browser may keep them for ever. assetNames has that name for
// each file.
var assets, assetNames = hashed(staticFiles)

// hashed reads the embedded files.
func hashed(files fs.FS) (map[string]asset, map[string]string) {
	byName, names := map[string]asset{}, map[string]string{}
	paths, err := fs.Glob(files, "static/*")
	for _, file := range paths {
		var body []byte
		if body, err = fs.ReadFile(files, file); err != nil {
			break
		}
		sum, ext, base := sha256.Sum256(body), path.Ext(file), path.Base(file)
		name := strings.TrimSuffix(base, ext) + "." + hex.EncodeToString(sum[:6]) + ext
		byName[name] = asset{mime: mime.TypeByExtension(ext), body: body}
		names[base] = name
	}
	if err != nil {
		panic(fmt.Sprintf("web: the embedded files cannot be read: %v", err))
	}
	return byName, names
}

// assetPath returns the address of an embedded file; the templates call it.
func assetPath(file string) (string, error) {
	name, ok := assetNames[file]
	if !ok {
		return "", fmt.Errorf("web: there is no file %q", file)
	}
	return "/static/" + name, nil
}

// static answers with an embedded file.
func static(ctx *fasthttp.RequestCtx) error {
	name, _ := ctx.UserValue("name").(string)
	file, ok := assets[name]
	if !ok {
		return &crm.Error{Op: "serve file", Code: crm.NotFound}
	}
	ctx.SetContentType(file.mime)
	ctx.Response.Header.Set(fasthttp.HeaderCacheControl, "public, max-age=31536000, immutable")
	ctx.SetBody(file.body)
	return nil
}
