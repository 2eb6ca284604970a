package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
)

// tokenField is the name of the hidden field.
const tokenField = "csrf"

// formToken returns what the forms of a session carry. It is derived from the
// session's secret, so nothing is kept and another session's does not fit.
func formToken(session string) string {
	mac := hmac.New(sha256.New, []byte(session))
	mac.Write([]byte("my21staff form"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func checkToken(ctx *fasthttp.RequestCtx, session string) error {
	return checkSent(ctx.PostArgs().Peek(tokenField), session)
}

// checkSent reports whether what a form sent is the token of a session's pages.
func checkSent(sent []byte, session string) error {
	if hmac.Equal(sent, []byte(formToken(session))) {
		return nil
	}
	return &crm.Error{Op: "check form", Code: crm.Forbidden, Reason: "stale_form",
		Msg: "This form is out of date. Go back, load the page again and try once more."}
}
