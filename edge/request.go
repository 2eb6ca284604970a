package edge

// The bounds of a request.
const (
	MaxBody   = 4 << 20 // bytes
	MaxEvents = 4096    // in a body
	MaxHeader = 4 << 10 // bytes of one header, or of the query
)

// Provider is whose webhook a request is; the address it came to says so.
type Provider uint8

// The providers.
const (
	Meta  Provider = 1
	Kapso Provider = 2
)

// String returns the provider's word.
func (p Provider) String() string {
	switch p {
	case Meta:
		return "meta"
	case Kapso:
		return "kapso"
	}
	return ""
}

// ProviderOf returns the provider of a word; 0 for one that is not known.
func ProviderOf(word string) Provider {
	switch word {
	case "meta":
		return Meta
	case "kapso":
		return Kapso
	}
	return 0
}

// Method is the HTTP method, as far as it decides.
type Method uint8

// The methods. Other is what no webhook is asked with.
const (
	Other Method = 0
	Get   Method = 1
	Post  Method = 2
)

// MethodOf returns the method of a request line.
func MethodOf(word string) Method {
	switch word {
	case "GET":
		return Get
	case "POST":
		return Post
	}
	return Other
}

// Header is a header that may come once. Count is how often it came, of which 2
// and more are alike; Value is the first.
type Header struct {
	Value []byte
	Count uint8
}

// Request is a webhook request, reduced to what decides.
type Request struct {
	Provider  Provider
	Method    Method
	Source    []byte // the source the address names (/api/webhook/kapso/jakarta); empty: any of the provider's
	Hub       Header // X-Hub-Signature-256
	Signature Header // X-Webhook-Signature
	Event     []byte // X-Webhook-Event; Kapso's bodies do not repeat it reliably
	Query     []byte // of a handshake, as it stands in the address
	Body      []byte // the raw bytes as received

	// MACs are the HMAC-SHA256 of the body under each of the keys that
	// Config.Keys lists for the request, if the caller has computed them
	// already; none: Decide does. A WebAssembly host does it five times as fast
	// as the module.
	MACs [][32]byte
}
