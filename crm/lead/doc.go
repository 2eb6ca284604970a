// Package lead says how likely a contact is to buy, and who should answer it.
//
// What a contact says and what is known about it is evidence. [Rules], a JSON
// document of the workspace's own, say what counts as evidence ([Rules.Message],
// [Rules.Note]), a [Profile] keeps it in at most [MaxProfile] bytes, [Of] turns a
// profile into a [Score] from 0 to 100 that explains itself, and [Route] says
// from the score how warm the lead is and whose it should be.
//
// These laws hold, and each is a property test:
//
//   - A score is the sum of its parts, a part the sum of its lines, and all of
//     it lies between 0 and 100.
//   - The same evidence in any order, and any of it twice, is the same profile.
//   - A positive piece of evidence never lowers a score and a negative one never
//     raises it; the passing of time never raises it.
//
// They hold because a profile is no running sum. It keeps for each signal the
// newest pieces of evidence, as many as the rules count, by a total order. All
// pieces of a signal are worth the same when new and decay alike, so the newest
// are the most valuable: what is forgotten could not have counted. What speaks
// against a lead does not decay, lest silence raise its score.
//
// Points are whole numbers and thousandths of them, decay is a table with
// integers in it: native code and WebAssembly give the same bytes.
package lead
