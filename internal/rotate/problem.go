package rotate

// Severity tells whether a problem keeps an image from being rotated.
type Severity string

// Severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Problem is something that a plan found.
type Problem struct {
	Code     string   `json:"code"` // stable, for programs and for the documentation
	Severity Severity `json:"severity"`
	Image    string   `json:"image"`            // "" if it concerns the whole run or a static host
	Worker   string   `json:"worker,omitempty"` // of the static host that it concerns
	Message  string   `json:"message"`
	Hint     string   `json:"hint"` // the remedy
}
