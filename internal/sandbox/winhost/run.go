package winhost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// ran is what run.ps1 prints besides.
type ran struct {
	ExitCode int    `json:"exit_code"`
	Output   string `json:"output"`
	Dropped  int    `json:"dropped"`
}

// maxText is how many characters of a command's output run.ps1 keeps.
const maxText = 65536

// runScript does what run.ps1 does, for commands of these few:
//
//	Write-Output TEXT (or echo)      prints it
//	Get-Content PATH                 prints a file
//	Set-Content PATH TEXT            writes a file, Add-Content appends to it
//	Start-Sleep SECONDS              simulated time
//	Restart-Service NAME             does nothing
//	Write-Error TEXT, throw TEXT     ends it with exit code 1
//	exit CODE
//
// each a line of its own or after a semicolon, with words in single quotes where
// they need it and -Path, -Value and -Seconds where one likes. Anything else is
// an error that says so.
func (c *Computer) runScript(life context.Context, request string) printed {
	result := printed{Outcome: "failed", Files: []report{}, ran: &ran{ExitCode: -1}}
	var asked struct {
		Command string `json:"command"`
		Timeout int    `json:"timeout"`
	}
	if err := json.Unmarshal([]byte(request), &asked); err != nil {
		result.problem("%v", err)
		return result
	}
	if asked.Timeout > 0 {
		var cancel context.CancelFunc
		life, cancel = context.WithTimeout(life, c.options.Clock.Real(time.Duration(asked.Timeout)*time.Second))
		defer cancel()
	}
	p := program{computer: c, life: life}
	p.run(asked.Command)
	result.ExitCode, result.Output = p.status, p.text.String()
	if excess := len(result.Output) - maxText; excess > 0 {
		result.Output, result.Dropped = result.Output[excess:], excess
	}
	result.Outcome = "ended"
	if errors.Is(life.Err(), context.DeadlineExceeded) {
		result.Outcome = "timeout"
	}
	return result
}

// program is a command that runs.
type program struct {
	computer *Computer
	life     context.Context
	text     strings.Builder
	status   int
}

// errExit ends a program with the status that it has.
var errExit = errors.New("exit")

func (p *program) run(text string) {
	statements, err := splitStatements(text)
	for _, words := range statements {
		if err == nil {
			err = p.statement(words)
		}
	}
	if err != nil && !errors.Is(err, errExit) {
		p.status = 1
		p.print(err.Error())
	}
}

func (p *program) print(line string) { p.text.WriteString(line + "\r\n") }

func (p *program) statement(words []string) error {
	name, args := strings.ToLower(words[0]), withoutNames(words[1:])
	argument := strings.Join(args, " ")
	switch {
	case name == "write-output" || name == "echo":
		p.print(argument)
	case name == "write-error" || name == "throw":
		return errors.New(argument)
	case name == "restart-service" && len(args) == 1:
	case name == "exit" && len(args) < 2:
		p.status, _ = strconv.Atoi(argument)
		return errExit
	case name == "start-sleep" && len(args) == 1:
		seconds, err := strconv.ParseFloat(argument, 64)
		if err != nil {
			return err
		}
		return p.computer.options.Clock.Sleep(p.life, time.Duration(seconds*float64(time.Second)))
	case name == "get-content" && len(args) == 1:
		return p.show(args[0])
	case (name == "set-content" || name == "add-content") && len(args) == 2:
		return p.write(args[0], args[1], name == "add-content")
	default:
		return errors.New(unknownScript(strings.Join(words, " ")))
	}
	return nil
}

func (p *program) show(path string) error {
	s := p.computer.look(path)
	if s.bytes == nil {
		return fmt.Errorf("Cannot find path '%s' because it does not exist.", path)
	}
	p.text.Write(s.bytes)
	return nil
}

func (p *program) write(path, line string, appending bool) error {
	real, err := p.computer.locate(path)
	if err != nil {
		return err
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if appending {
		flags = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	f, err := p.computer.files.OpenFile(real, flags, 0o644)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, line+"\r\n")
	return errors.Join(err, f.Close())
}

// withoutNames drops the names of parameters.
func withoutNames(words []string) []string {
	var kept []string
	for _, w := range words {
		switch strings.ToLower(w) {
		case "-path", "-literalpath", "-value", "-seconds", "-name", "-force":
		default:
			kept = append(kept, w)
		}
	}
	return kept
}

// splitStatements takes a command apart into statements of words, without their
// quotes.
func splitStatements(text string) ([][]string, error) {
	var statements [][]string
	var words []string
	var word strings.Builder
	begun, quoted := false, false
	endWord := func() {
		if begun {
			words = append(words, word.String())
		}
		word.Reset()
		begun = false
	}
	for _, r := range text {
		switch {
		case r == '\'':
			quoted, begun = !quoted, true
		case quoted:
			word.WriteRune(r)
		case r == ' ' || r == '\t' || r == '\r':
			endWord()
		case r == ';' || r == '\n':
			endWord()
			if words != nil {
				statements, words = append(statements, words), nil
			}
		case strings.ContainsRune("$`\"|&<>(){}@#", r):
			return nil, errors.New(unknownScript(text))
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if endWord(); words != nil {
		statements = append(statements, words)
	}
	return statements, nil
}
