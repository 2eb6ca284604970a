package crm

import (
	"encoding/json"
	"fmt"
)

// EncodeContent returns content as JSON, for the store and the API; its kind is
// kept beside it.
func EncodeContent(content Content) ([]byte, error) {
	encoded, err := json.Marshal(content)
	if err != nil {
		return nil, &Error{Op: "encode content", Code: Internal, Err: err}
	}
	return encoded, nil
}

// DecodeContent is the inverse of EncodeContent. A kind it does not know (a
// newer program wrote the row) is Unsupported with the JSON kept; JSON that
// does not fit its kind is Invalid.
func DecodeContent(kind ContentKind, encoded []byte) (Content, error) {
	decode, known := decoders[kind]
	if !known {
		return Unsupported{Type: string(kind), Raw: json.RawMessage(encoded)}, nil
	}
	content, err := decode(encoded)
	if err != nil {
		return nil, &Error{Op: "decode content", Code: Invalid, Msg: fmt.Sprintf("This is not the content of a message of type %s.", kind), Err: err}
	}
	return content, nil
}

var decoders = map[ContentKind]func([]byte) (Content, error){
	KindText:        decodeAs[Text],
	KindImage:       decodeMedia(KindImage),
	KindVideo:       decodeMedia(KindVideo),
	KindAudio:       decodeMedia(KindAudio),
	KindDocument:    decodeMedia(KindDocument),
	KindSticker:     decodeMedia(KindSticker),
	KindLocation:    decodeAs[Location],
	KindContacts:    decodeAs[Contacts],
	KindInteractive: decodeAs[Interactive],
	KindChoice:      decodeAs[Choice],
	KindFlowReply:   decodeAs[FlowReply],
	KindReaction:    decodeAs[Reaction],
	KindOrder:       decodeAs[Order],
	KindSystem:      decodeAs[System],
	KindTemplate:    decodeAs[FilledTemplate],
	KindUnsupported: decodeAs[Unsupported],
}

func decodeAs[C Content](encoded []byte) (Content, error) {
	var content C
	err := json.Unmarshal(encoded, &content)
	return content, err
}

func decodeMedia(kind ContentKind) func([]byte) (Content, error) {
	return func(encoded []byte) (Content, error) {
		media := Media{Type: kind}
		err := json.Unmarshal(encoded, &media)
		return media, err
	}
}
