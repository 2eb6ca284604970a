package graph

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/my21staff/my21staff/crm"
)

// DecodeError reads an answer that is not 2xx. It knows three shapes (Kapso's
// OpenAPI description, September 2026): the Graph's
// {"error":{"message","code",...}}, the flat {"error":"text","code":"word"} and
// the limiter's {"error":"text","message":"text"}; of anything else the status
// is what it knows.
//
// It is ambiguous when a gateway rather than the API seems to have answered:
// 5xx without a Graph error, and 504, which says that the API behind it got the
// request and was not waited for. No text of it holds the token, a message id
// or a phone number.
func DecodeError(status int, header http.Header, body []byte, token crm.Secret, now time.Time) *crm.SendError {
	failure := &crm.SendError{Status: status, RetryAfter: retryAfter(header, now)}
	var shape struct {
		Error   json.RawMessage `json:"error"`
		Code    word            `json:"code"`
		Message word            `json:"message"`
	}
	graph := false
	if json.Unmarshal(body, &shape) == nil && len(shape.Error) > 0 {
		failure.Provider = graphError(shape.Error)
		graph = failure.Provider != nil
		if !graph {
			failure.Provider = flatError(shape.Error, string(shape.Code), string(shape.Message))
		}
	}
	if p := failure.Provider; p != nil {
		p.Title, p.Detail, p.Word = mask(p.Title, token), mask(p.Detail, token), mask(p.Word, token)
	}
	failure.Ambiguous = status >= 500 && !graph || status == http.StatusGatewayTimeout
	return failure
}

// authException is Meta's name for its code 0, which could not be told from no
// code.
const authException = "AuthException"

// graphError returns nil if encoded is not the Graph's error object.
func graphError(encoded []byte) *crm.ProviderError {
	var e struct {
		Message     word            `json:"message"`
		Code        *whole          `json:"code"`
		Subcode     whole           `json:"error_subcode"`
		Data        json.RawMessage `json:"error_data"`
		UserTitle   word            `json:"error_user_title"`
		UserMessage word            `json:"error_user_msg"`
	}
	if err := json.Unmarshal(encoded, &e); err != nil || e.Code == nil {
		return nil
	}
	var data struct {
		Details word `json:"details"`
	}
	_ = json.Unmarshal(e.Data, &data) // Meta has sent a text here too; then there are no details
	provider := &crm.ProviderError{
		Code: int(*e.Code), Subcode: int(e.Subcode),
		Title:  string(cmp.Or(e.Message, e.UserTitle)),
		Detail: string(cmp.Or(data.Details, e.UserMessage)),
	}
	if provider.Code == 0 {
		provider.Word = authException
	}
	return provider
}

// flatError returns nil if the error is no text.
func flatError(encoded []byte, code, detail string) *crm.ProviderError {
	var title string
	if json.Unmarshal(encoded, &title) != nil {
		return nil
	}
	provider := &crm.ProviderError{Title: title, Detail: detail}
	if number, err := strconv.Atoi(code); err == nil {
		provider.Code = number
	} else {
		provider.Word = code
	}
	return provider
}

// personal are message ids (they hold the other party's number), access tokens
// and phone numbers.
var personal = regexp.MustCompile(`wamid\.[\w+/=-]*|\bEAA\w+|\+?\d{8,}`)

// maxWords bounds what is kept of a provider's words, in characters.
const maxWords = 500

// mask takes out of a provider's words what must not stand in a log.
func mask(text string, token crm.Secret) string {
	if len(token) >= 8 { // a shorter one would be found in ordinary words
		text = strings.ReplaceAll(text, string(token), "…")
	}
	text = personal.ReplaceAllString(strings.ToValidUTF8(text, "\uFFFD"), "…")
	if utf8.RuneCountInString(text) > maxWords {
		text = string([]rune(text)[:maxWords-1]) + "…"
	}
	return text
}

// maxRetryAfter bounds what a provider may ask for: a broken clock must not
// park a message for days.
const maxRetryAfter = time.Hour

// retryAfter reads seconds or an HTTP date; a date counts from the answer's own
// Date if it has one, since the two clocks are one. 0 when nothing is asked.
func retryAfter(header http.Header, now time.Time) time.Duration {
	asked := strings.TrimSpace(header.Get("Retry-After"))
	var wait time.Duration
	if seconds, err := strconv.ParseInt(asked, 10, 64); err == nil {
		wait = time.Duration(min(max(seconds, 0), int64(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(asked); err == nil {
		if date, err := http.ParseTime(header.Get("Date")); err == nil {
			now = date
		}
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// whole is an integer that may come in quotes; anything else is 0, for an error
// must be read as far as it can be.
type whole int

// UnmarshalJSON implements json.Unmarshaler.
func (w *whole) UnmarshalJSON(encoded []byte) error {
	n, _ := strconv.Atoi(strings.Trim(string(encoded), `"`))
	*w = whole(n)
	return nil
}

// word is a text or a number, kept digit for digit; anything else is empty.
type word string

// UnmarshalJSON implements json.Unmarshaler.
func (w *word) UnmarshalJSON(encoded []byte) error {
	var text string
	var number json.Number
	switch {
	case json.Unmarshal(encoded, &text) == nil:
		*w = word(text)
	case json.Unmarshal(encoded, &number) == nil:
		*w = word(number)
	}
	return nil
}
