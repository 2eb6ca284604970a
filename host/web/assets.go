package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"path"
	"regexp"
	"slices"
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

// importing finds what a module imports, and from where.
var importing = regexp.MustCompile(`(?m)^((?:import|export)\b[^"]*")\./([^"]+)(";)$`)

// drawing finds the icons that a style sheet draws with.
var drawing = regexp.MustCompile(`\burl\("\.\./icons/([^"]+)\.svg"\)`)

// hashed reads the embedded files. What a module imports it asks for by the name with the
// hash as well, so that an old and a new one never meet in a browser; the icons that a
// style sheet draws with stand in it.
func hashed(files fs.FS) (map[string]asset, map[string]string) {
	byName, names := map[string]asset{}, map[string]string{}
	var add func(base string, above []string) string
	add = func(base string, above []string) string {
		if name, ok := names[base]; ok {
			return name
		}
		if slices.Contains(above, base) {
			panic(fmt.Sprintf("web: the modules import each other in a circle: %v, %s", above, base))
		}
		body, err := fs.ReadFile(files, "static/"+base)
		if err != nil {
			panic(fmt.Sprintf("web: an embedded file cannot be read (%v): %v", above, err))
		}
		ext := path.Ext(base)
		if ext == ".js" {
			body = importing.ReplaceAllFunc(body, func(line []byte) []byte {
				part := importing.FindSubmatch(line)
				return slices.Concat(part[1], []byte("./"+add(string(part[2]), append(above, base))), part[3])
			})
		}
		if ext == ".css" {
			body = drawing.ReplaceAllFunc(body, func(address []byte) []byte {
				return fmt.Appendf(nil, `url("%s")`, iconAddress(string(drawing.FindSubmatch(address)[1])))
			})
		}
		sum := sha256.Sum256(body)
		name := strings.TrimSuffix(base, ext) + "." + hex.EncodeToString(sum[:6]) + ext
		byName[name], names[base] = asset{mime: mime.TypeByExtension(ext), body: body}, name
		return name
	}
	paths, err := fs.Glob(files, "static/*")
	if err != nil {
		panic(fmt.Sprintf("web: the embedded files cannot be listed: %v", err))
	}
	for _, file := range paths {
		add(path.Base(file), nil)
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
