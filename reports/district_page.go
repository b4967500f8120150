package reports

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"
)

// districtPage is the parsed template of the picture with what it embeds.
var districtPage = sync.OnceValues(func() (*page, error) {
	var css []byte
	for _, name := range []string{"page/report.css", "page/district.css"} {
		text, err := pageFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		css = append(css, text...)
	}
	js, err := pageFiles.ReadFile("page/district.js")
	if err != nil {
		return nil, err
	}
	t, err := template.New("district").Funcs(template.FuncMap{"p": Printable, "line": oneLine}).ParseFS(pageFiles, "page/district.html")
	if err != nil {
		return nil, err
	}
	policy := fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'",
		hash(css), hash(js))
	return &page{t, template.CSS(css), template.JS(js), policy}, nil
})

// DistrictHTML writes the picture of a district as one page that needs nothing else: its systems, an arrow for each flow
// between two of them, and behind each arrow what was looked at, with the evidence.
func DistrictHTML(w io.Writer, r *Report) error {
	p, err := districtPage()
	if err != nil {
		return fmt.Errorf("preparing the picture: %w", err)
	}
	v := pictureOf(r)
	v.CSS, v.JS, v.Policy = p.css, p.js, p.policy
	var out bytes.Buffer // a template that fails half way must not leave half a page
	if err := p.template.ExecuteTemplate(&out, "district", v); err != nil {
		return fmt.Errorf("filling the picture: %w", err)
	}
	_, err = w.Write(out.Bytes())
	return err
}

// picture is what the page shows.
type picture struct {
	CSS                 template.CSS
	JS                  template.JS
	Policy              string
	Name, Words, Stance string
	Judged, When        string
	Width, Height       int
	Nodes               []node
	Arrows              []arrow
	Flows               []flowView
	Disclaimer          string
	byName              map[string]*node
	texts               map[string]string // titles of requirements
	findings            map[string][]Finding
	exchanges           map[string]Exchange
	checks              map[string]CheckResult
	evidenceLeft        int
}

type node struct {
	Name       string
	X, Y, W, H int
	Missing    bool
	Lines      []nodeLine
	role       string
}

type nodeLine struct {
	X, Y int
	Text string
	Role bool
}

type arrow struct {
	Anchor, Tone, Label, Mark, Path, Head string
	Number                                int
	TagX, TagY, TextX, TextY              int
}

type flowView struct {
	Number      int
	Title, Text string
	Ways        []way
}

type way struct {
	Anchor, Tone, Mark, Words, Tally, From, To string
	Open                                       bool
	Lines                                      []wayLine
	Evidence                                   []evidenceView
}

type wayLine struct {
	Tone, Mark, Verdict, Title, ID, Reason, Remedy string
	Findings                                       []findingEnds
}

type findingEnds struct {
	Expected, Seen, Where, Cause string
	Exchanges                    []evidenceView
}

type evidenceView struct {
	ID, System, Method, URL, Request, Response string
	Status                                     int
}

// What a page of a district shows at most, so that it stays one that opens.
const (
	mostEvidence  = 400
	longestBody   = 2000
	mostOfFinding = 8
)

func pictureOf(r *Report) *picture {
	v := &picture{Name: r.Target.Name, Stance: r.Run.Stance, Judged: r.Run.Started.UTC().Format("2006-01-02T15:04:05Z"),
		When: r.Run.Started.UTC().Format("2 January 2006, 15:04 UTC"), Disclaimer: disclaimer, byName: map[string]*node{},
		texts: map[string]string{}, findings: map[string][]Finding{}, exchanges: map[string]Exchange{}, checks: map[string]CheckResult{},
		evidenceLeft: mostEvidence}
	d := r.District
	if d == nil {
		v.Words = "no district"
		return v
	}
	for _, q := range r.Requirements {
		v.texts[q.ID] = q.Title
		for _, f := range q.Findings {
			v.findings[f.Hop+" "+q.ID] = append(v.findings[f.Hop+" "+q.ID], f)
		}
	}
	for _, x := range r.Exchanges {
		v.exchanges[x.ID] = x
	}
	for _, c := range r.Checks {
		v.checks[c.ID] = c
	}
	v.Words = d.words()
	v.place(d)
	v.draw(d)
	v.list(d)
	return v
}

// words says how many arrows there are of each kind.
func (d *District) words() string {
	var green, red, grey int
	for _, h := range d.Hops {
		switch h.tone() {
		case Pass:
			green++
		case NotTested:
			grey++
		default:
			red++
		}
	}
	var out []string
	for _, n := range []struct {
		n    int
		what string
	}{{red, "broken"}, {grey, "not tested"}, {green, "whole"}} {
		if n.n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n.n, n.what))
		}
	}
	if len(out) == 0 {
		return "no flow was looked at"
	}
	noun := "arrows"
	if len(d.Hops) == 1 {
		noun = "arrow"
	}
	return fmt.Sprintf("Of %d %s: %s", len(d.Hops), noun, strings.Join(out, ", "))
}

// tone is the kind of an arrow: pass, fail, or not-tested.
func (h Hop) tone() Verdict {
	switch h.Verdict {
	case Pass, Fail, Warning, Error:
		return h.Verdict
	}
	return NotTested
}

// The sizes of the picture.
const (
	nodeWidth  = 190
	laneHeight = 34
	leftEdge   = 24
	middle     = 405
	rightEdge  = 790
	pictureW   = 1060
)

// place puts the systems in three columns: the SIS, platforms, tools; the assessment app above the SIS, catalogues above
// platforms.
func (v *picture) place(d *District) {
	of := func(role string) (out []DistrictSystem) {
		for _, s := range d.Systems {
			if s.Role == role {
				out = append(out, s)
			}
		}
		return out
	}
	column := func(systems []DistrictSystem, x, top, bottom int) {
		if len(systems) == 0 {
			return
		}
		const gap = 28
		each := (bottom - top - gap*(len(systems)-1)) / len(systems)
		for i, s := range systems {
			v.node(s, x, top+i*(each+gap), nodeWidth, each)
		}
	}
	const top, upper, lift = 24, 74, 74
	bodyTop := top + upper + lift
	// Each system is as high as its arrows need.
	ends := map[string]int{}
	for _, h := range d.Hops {
		if h.Flow != 4 && h.Flow != 8 {
			ends[h.From]++
			ends[h.To]++
		}
	}
	bodyBottom := bodyTop + 210
	for _, role := range []string{"platform", "tool"} {
		systems := of(role)
		each := 120
		for _, s := range systems {
			each = max(each, (ends[s.Name]+1)*laneHeight)
		}
		bodyBottom = max(bodyBottom, bodyTop+len(systems)*(each+28)-28)
	}
	column(of("sis"), leftEdge, bodyTop, bodyBottom)
	column(of("platform"), middle, bodyTop, bodyBottom)
	column(of("tool"), rightEdge, bodyTop, bodyBottom)
	column(of("assessment"), leftEdge, top, top+upper)
	for i, s := range of("catalog") {
		v.node(s, middle+i*(nodeWidth+24), top, nodeWidth, upper)
	}
	v.Width = pictureW
	rostered := 0
	for _, h := range d.Hops {
		if to := v.byName[h.To]; to != nil && to.role == "tool" && h.Flow == 1 {
			rostered++
		}
	}
	v.Height = bodyBottom + 30 + rostered*laneHeight
}

func (v *picture) node(s DistrictSystem, x, y, w, h int) {
	n := node{Name: s.Name, X: x, Y: y, W: w, H: h, Missing: s.Missing, role: s.Role}
	cx, cy := x+w/2, y+h/2
	if s.Missing {
		n.Lines = []nodeLine{{cx, cy + 5, clip(s.Title, 26), true}}
	} else {
		n.Lines = []nodeLine{{cx, cy - 10, clip(s.Name, 19), false}, {cx, cy + 8, roleWords[s.Role], true}, {cx, cy + 25, clip(s.Title, 26),
			true}}
	}
	v.Nodes = append(v.Nodes, n)
	v.byName[s.Name] = &v.Nodes[len(v.Nodes)-1]
	for i := range v.Nodes { // the slice may have moved
		v.byName[v.Nodes[i].Name] = &v.Nodes[i]
	}
}

var roleWords = map[string]string{"sis": "SIS", "platform": "platform", "tool": "tool", "assessment": "assessment app",
	"catalog": "catalogue"}

// draw puts an arrow for each hop. Along each side of a system its arrows begin and end one below the other.
func (v *picture) draw(d *District) {
	ports := map[string][]string{} // ids of hops, by system and side
	order, alone := map[string]int{}, map[string]int{}
	for i, n := range v.Nodes {
		order[n.Name] = i
		alone[n.role]++
	}
	var beside []Hop
	lane, beyond := 0, 0
	for _, h := range d.Hops {
		from, to := v.byName[h.From], v.byName[h.To]
		switch {
		case from == nil || to == nil:
		case h.Flow == 1 && to.role == "tool":
			v.around(d, h, from, to, lane)
			lane++
		case from.role == "assessment":
			x := from.X + from.W/2
			v.arrow(d, h, fmt.Sprintf("M%d %dV%d", x, from.Y+from.H, to.Y-8), fmt.Sprintf("M%d %dl-8 -16h16z", x, to.Y), x, (from.Y+from.H+to.Y)/2)
		case from.role == "catalog":
			v.down(d, h, from, to, &beyond)
		default:
			beside = append(beside, h)
		}
	}
	far := func(h Hop, name string) int { // the other end's place
		if h.From == name {
			return order[h.To]
		}
		return order[h.From]
	}
	for _, n := range v.Nodes {
		mine := slices.DeleteFunc(slices.Clone(beside), func(h Hop) bool { return h.From != n.Name && h.To != n.Name })
		slices.SortStableFunc(mine, func(a, b Hop) int {
			return cmp.Or(cmp.Compare(far(a, n.Name), far(b, n.Name)), cmp.Compare(a.Flow, b.Flow))
		})
		for _, h := range mine {
			side := n.Name + " right"
			if other := v.byName[h.From]; other.Name == n.Name && v.byName[h.To].X < n.X || other.X < n.X {
				side = n.Name + " left"
			}
			ports[side] = append(ports[side], h.ID)
		}
	}
	port := func(n *node, side string, h Hop) int {
		all := ports[n.Name+" "+side]
		return n.Y + n.H*(slices.Index(all, h.ID)+1)/(len(all)+1)
	}
	for _, h := range beside {
		left, right := v.byName[h.From], v.byName[h.To]
		if left.X > right.X {
			left, right = right, left
		}
		yl, yr := port(left, "right", h), port(right, "left", h)
		if alone[left.role] == 1 { // it stands along all that are to its right
			yl = yr
		}
		v.across(d, h, left, right, yl, yr)
	}
	slices.SortStableFunc(v.Arrows, func(a, b arrow) int { return cmp.Compare(a.Number, b.Number) })
}

// across draws an arrow between two systems that stand side by side. Its sign is beside the platform.
func (v *picture) across(d *District, h Hop, left, right *node, yl, yr int) {
	const straight, rest = 86, 26 // of it are level, on both ends
	x1, x2 := left.X+left.W, right.X
	at, y, bend1, bend2 := x1+50, yl, x1+straight, x2-rest
	if right.role == "platform" {
		at, y, bend1, bend2 = x2-50, yr, x1+rest, x2-straight
	}
	if h.From == left.Name {
		v.arrow(d, h, fmt.Sprintf("M%d %dH%dL%d %dH%d", x1, yl, bend1, bend2, yr, x2-8), fmt.Sprintf("M%d %dl-16 -8v16z", x2, yr), at, y)
	} else {
		v.arrow(d, h, fmt.Sprintf("M%d %dH%dL%d %dH%d", x2, yr, bend2, bend1, yl, x1+8), fmt.Sprintf("M%d %dl16 -8v16z", x1, yl), at, y)
	}
}

// down draws an arrow from a catalogue to a platform below it: the first straight, others past those that are in between.
func (v *picture) down(d *District, h Hop, from, to *node, beyond *int) {
	clear := !slices.ContainsFunc(v.Nodes, func(n node) bool { return n.role == "platform" && n.Y < to.Y })
	left, right := max(from.X, to.X), min(from.X+from.W, to.X+to.W)
	if clear && left < right {
		x := (left + right) / 2
		v.arrow(d, h, fmt.Sprintf("M%d %dV%d", x, from.Y+from.H, to.Y-8), fmt.Sprintf("M%d %dl-8 -16h16z", x, to.Y), x, (from.Y+from.H+to.Y)/2)
		return
	}
	*beyond++
	start, level := from.X+30, from.Y+from.H+58-6*(*beyond)
	if clear {
		start = (from.X + from.X + from.W) / 2
		x := to.X + to.W - 24*(*beyond)
		v.arrow(d, h, fmt.Sprintf("M%d %dV%dH%dV%d", start, from.Y+from.H, level, x, to.Y-8), fmt.Sprintf("M%d %dl-8 -16h16z", x, to.Y), start,
			from.Y+from.H+20)
		return
	}
	x, y := to.X-14-8*(*beyond), to.Y+16*(*beyond)
	v.arrow(d, h, fmt.Sprintf("M%d %dV%dH%dV%dH%d", start, from.Y+from.H, level, x, y, to.X-8), fmt.Sprintf("M%d %dl-16 -8v16z", to.X, y),
		start,
		from.Y+from.H+20)
}

// around draws an arrow from the SIS to a tool, below the platforms and to the tool's far side.
func (v *picture) around(d *District, h Hop, from, to *node, lane int) {
	bottom := 0
	for _, n := range v.Nodes {
		bottom = max(bottom, n.Y+n.H)
	}
	y := bottom + 22 + lane*laneHeight
	x := from.X + from.W/3 + lane*24
	gutter, cy := to.X+to.W+24+lane*14, to.Y+to.H/2
	v.arrow(d, h, fmt.Sprintf("M%d %dV%dH%dV%dH%d", x, from.Y+from.H, y, gutter, cy, to.X+to.W+8),
		fmt.Sprintf("M%d %dl16 -8v16z", to.X+to.W, cy), middle+nodeWidth/2, y)
}

func (v *picture) arrow(d *District, h Hop, path, head string, x, y int) {
	tone := h.tone()
	flow := ""
	for _, f := range d.Flows {
		if f.Number == h.Flow {
			flow = f.Title
		}
	}
	v.Arrows = append(v.Arrows, arrow{Anchor: anchorOf(h), Tone: string(tone), Mark: tone.Mark(), Number: h.Flow, Path: path, Head: head,
		Label: fmt.Sprintf("Flow %d, %s, from %s to %s: %s. %s", h.Flow, flow, h.From, h.To, hopWords(tone), tallyOf(h)),
		TagX:  x - 22, TagY: y - 12, TextX: x, TextY: y + 5})
}

func anchorOf(h Hop) string {
	return "hop-" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, fmt.Sprintf("%d-%s-%s", h.Flow, h.From, h.To))
}

func hopWords(v Verdict) string {
	switch v {
	case Pass:
		return "holds"
	case Fail:
		return "broken"
	case Warning:
		return "broken, in what is recommended"
	case Error:
		return "the judge failed"
	}
	return "not tested"
}

// tallyOf counts what became of the requirements of a hop.
func tallyOf(h Hop) string {
	held, broken, open := 0, 0, 0
	for _, q := range h.Requirements {
		switch q.Verdict {
		case Pass:
			held++
		case Fail, Warning, Error:
			broken++
		default:
			open++
		}
	}
	out := fmt.Sprintf("%d of %d requirements hold", held, len(h.Requirements))
	if broken > 0 {
		out += fmt.Sprintf(", %d broken", broken)
	}
	if open > 0 {
		out += fmt.Sprintf(", %d not tested", open)
	}
	return out
}

// list puts each flow with its hops below the picture.
func (v *picture) list(d *District) {
	titles := map[string]string{}
	for _, s := range d.Systems {
		titles[s.Name] = s.Title
		if s.Title != s.Name && s.Title != "" && !s.Missing {
			titles[s.Name] = s.Name + " (" + s.Title + ")"
		}
	}
	for _, f := range d.Flows {
		out := flowView{Number: f.Number, Title: f.Title, Text: f.Text}
		for _, h := range d.Hops {
			if h.Flow != f.Number {
				continue
			}
			tone := h.tone()
			w := way{Anchor: anchorOf(h), Tone: string(tone), Mark: tone.Mark(), Words: hopWords(tone), Tally: tallyOf(h),
				From: cmp.Or(titles[h.From], h.From), To: cmp.Or(titles[h.To], h.To), Open: tone != Pass && tone != NotTested}
			shown := map[string]bool{}
			for _, q := range sortedByConcern(h.Requirements) {
				l := wayLine{Tone: string(q.Verdict), Mark: q.Verdict.Mark(), Verdict: q.Verdict.Title(), Title: v.texts[q.ID], ID: q.ID,
					Reason: q.Reason, Remedy: q.Remedy}
				fs := v.findings[h.ID+" "+q.ID]
				for _, x := range fs[:min(len(fs), mostOfFinding)] {
					l.Findings = append(l.Findings, findingEnds{x.Expected, x.Seen, x.Where, x.Cause, v.evidence(x.Exchanges, nil)})
				}
				if len(fs) == 0 {
					w.Evidence = append(w.Evidence, v.evidence(v.checks[q.Check].Exchanges, shown)...)
				}
				w.Lines = append(w.Lines, l)
			}
			out.Ways = append(out.Ways, w)
		}
		v.Flows = append(v.Flows, out)
	}
}

func sortedByConcern(all []HopRequirement) []HopRequirement {
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(a, b HopRequirement) int {
		return slices.Index(concern, b.Verdict) - slices.Index(concern, a.Verdict)
	})
	return out
}

// evidence shows exchanges, each once where shown keeps those that were.
func (v *picture) evidence(ids []string, shown map[string]bool) (out []evidenceView) {
	for _, id := range ids {
		x, there := v.exchanges[id]
		if !there || shown[id] || v.evidenceLeft == 0 {
			continue
		}
		if shown != nil {
			shown[id] = true
		}
		v.evidenceLeft--
		out = append(out, evidenceView{ID: id, System: x.System, Method: x.Method, URL: x.URL, Status: x.Status,
			Request:  clip(x.Request.Body, longestBody),
			Response: clip(x.Response.Body, longestBody)})
	}
	return out
}
