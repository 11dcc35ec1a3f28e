//! The questions about a new feed, their answers, and the plan that they make. Starts nothing.

use crate::domain::credential::MANAGE_SCOPE;
use crate::domain::feed::{Feed, FeedName};
use crate::domain::new_feed::{
    Description, FeedPlan, FeedScope, NewFeed, Sources, Visibility, publish_name, suggested_name,
};
use crate::domain::organization::ProjectName;

use super::super::super::keymap::Key;
use super::super::super::session::Session;
use super::super::super::widget::field::Field;
use super::super::super::widget::page::{Page, sentence};

/// The questions, in the order of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Question {
    #[default]
    Name,
    Description,
    Visibility,
    Sources,
    Scope,
    Project,
    Second,
    SecondName,
}

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) question: Question,
    pub(super) words: String,
}

/// The answers; the recommended ones at first.
#[derive(Debug, Default)]
pub(super) struct Form {
    pub(super) question: Question,
    name: Field,
    description: Field,
    visibility: Visibility,
    sources: Sources,
    of_organization: bool,
    project: Field,
    one_feed_only: bool,
    /// `None`: made from the name.
    second_name: Option<Field>,
    /// The first feed is there: only the second one is still asked about.
    first_is_made: bool,
}

impl Form {
    /// A form for the project that the wizard is about, or else for that of the feed under the cursor.
    pub(super) fn new(session: &Session) -> Self {
        let of_target = session.target.as_ref().and_then(|target| target.project.clone());
        let of_cursor = || Some(session.making.subject.as_ref()?.project.as_ref()?.name.clone());
        let project = of_target.or_else(of_cursor);
        let mut name = suggested_name(project.as_ref());
        if taken(session, &name).is_some() {
            name.clear();
        }
        Self {
            name: Field::with(&name),
            of_organization: project.is_none(),
            project: Field::with(project.as_ref().map_or("", ProjectName::as_str)),
            ..Self::default()
        }
    }

    /// The questions that are asked, given the answers so far.
    fn questions(&self) -> Vec<Question> {
        use Question::{Description, Name, Project, Scope, Second, SecondName, Sources, Visibility};
        if self.first_is_made {
            return vec![SecondName];
        }
        let all = [Name, Description, Visibility, Sources, Scope, Project, Second, SecondName];
        all.into_iter().filter(|question| self.asks(*question)).collect()
    }

    fn asks(&self, question: Question) -> bool {
        match question {
            Question::Project => !self.of_organization,
            // A feed without upstream sources is one to publish to already.
            Question::Second => self.sources.has_crates_io(),
            Question::SecondName => self.sources.has_crates_io() && !self.one_feed_only,
            _ => true,
        }
    }

    pub(super) fn asks_several(&self) -> bool {
        self.questions().len() > 1
    }

    pub(super) fn step(&mut self, forward: bool) {
        let questions = self.questions();
        let at = questions.iter().position(|question| *question == self.question).unwrap_or(0);
        let by = if forward { 1 } else { questions.len() - 1 };
        self.question = questions[(at + by) % questions.len()];
    }

    /// The next answer to the question under the cursor.
    pub(super) fn toggle(&mut self) {
        match self.question {
            Question::Visibility => self.visibility = after(&Visibility::ALL, self.visibility),
            Question::Sources => self.sources = after(&Sources::ALL, self.sources),
            Question::Scope => self.of_organization = !self.of_organization,
            Question::Second => self.one_feed_only = !self.one_feed_only,
            Question::Name | Question::Description | Question::Project | Question::SecondName => {}
        }
    }

    /// The text field under the cursor.
    fn field(&mut self) -> Option<&mut Field> {
        match self.question {
            Question::Name => Some(&mut self.name),
            Question::Description => Some(&mut self.description),
            Question::Project => Some(&mut self.project),
            Question::SecondName => {
                let made = self.second_name_text();
                Some(self.second_name.get_or_insert_with(|| Field::with(&made)))
            }
            Question::Visibility | Question::Sources | Question::Scope | Question::Second => None,
        }
    }

    pub(super) fn in_field(&self) -> bool {
        use Question::{Description, Name, Project, SecondName};
        matches!(self.question, Name | Description | Project | SecondName)
    }

    pub(super) fn edit(&mut self, key: Key) {
        if let Some(field) = self.field() {
            field.key(key);
        }
    }

    pub(super) fn paste(&mut self, pasted: &str) {
        if let Some(field) = self.field() {
            field.paste(pasted);
        }
    }

    /// From now on the first feed exists: whatever is asked for is the second one.
    pub(super) fn first_is_made(&mut self) {
        self.first_is_made = true;
        self.question = Question::SecondName;
    }

    fn second_name_text(&self) -> String {
        match &self.second_name {
            Some(field) => field.text().to_owned(),
            None => FeedName::parse(self.name.text())
                .map_or(String::new(), |name| publish_name(&name).to_string()),
        }
    }

    /// The feeds that are still to be made.
    pub(super) fn feeds(&self, session: &Session) -> Result<Vec<NewFeed>, Complaint> {
        let plan = self.plan(session)?;
        Ok(if self.first_is_made { plan.publish.into_iter().collect() } else { plan.into_feeds() })
    }

    fn plan(&self, session: &Session) -> Result<FeedPlan, Complaint> {
        let name = if self.first_is_made {
            FeedName::parse(self.name.text()).map_err(|error| error.to_string())
        } else {
            free_name(session, self.name.text())
        };
        let feed = NewFeed {
            name: name.map_err(complaint(Question::Name))?,
            description: Description::parse(self.description.text())
                .map_err(|error| complaint(Question::Description)(error.to_string()))?,
            visibility: self.visibility,
            sources: self.sources,
            scope: self.scope()?,
        };
        if !self.asks(Question::SecondName) {
            return Ok(FeedPlan { feed, publish: None });
        }
        let second = free_name(session, &self.second_name_text()).map_err(complaint(Question::SecondName))?;
        if second == feed.name {
            return Err(complaint(Question::SecondName)("two feeds need two names".to_owned()));
        }
        let publish = Some(feed.for_publishing(second));
        Ok(FeedPlan { feed, publish })
    }

    fn scope(&self) -> Result<FeedScope, Complaint> {
        if self.of_organization {
            return Ok(FeedScope::Organization);
        }
        let project = ProjectName::parse(self.project.text().trim());
        project.map(FeedScope::Project).ok_or_else(|| {
            complaint(Question::Project)("a feed of a project needs the project's name".to_owned())
        })
    }

    /// What is wrong with what stands there now; nothing is said of what was not begun.
    pub(super) fn complaint(&self, session: &Session) -> Option<Complaint> {
        let begun = |question| match question {
            Question::Name => !self.name.text().is_empty(),
            Question::Project => !self.project.text().is_empty(),
            Question::SecondName => !self.second_name_text().is_empty() && !self.name.text().is_empty(),
            _ => true,
        };
        self.plan(session).err().filter(|complaint| begun(complaint.question))
    }

    /// Draws the form; `complaint` stands below its question.
    pub(super) fn draw(&self, page: &mut Page, complaint: Option<&Complaint>) {
        for question in self.questions() {
            self.draw_one(page, question);
            if let Some(complaint) = complaint.filter(|complaint| complaint.question == question) {
                page.bad(&sentence(&complaint.words));
            }
        }
        page.gap();
        for line in self.explain() {
            page.quiet(line);
        }
        page.quiet(&format!("The token needs the scope {MANAGE_SCOPE}."));
    }

    fn draw_one(&self, page: &mut Page, question: Question) {
        let asked = self.question == question;
        match question {
            Question::Name => page.field("Name", &self.name, asked),
            Question::Description => page.field("Description", &self.description, asked),
            Question::Visibility => page.options(
                "Visible to",
                (&["tenant", "organization", "specific"], place(&Visibility::ALL, self.visibility)),
                asked,
            ),
            Question::Sources => page.options(
                "Upstreams",
                (&["crates.io", "all common", "none"], place(&Sources::ALL, self.sources)),
                asked,
            ),
            Question::Scope => page.options(
                "Scope",
                (&["project", "organization"], usize::from(self.of_organization)),
                asked,
            ),
            Question::Project => page.field("Project", &self.project, asked),
            Question::Second => page.options(
                "For publishing",
                (&["a second feed", "none"], usize::from(self.one_feed_only)),
                asked,
            ),
            Question::SecondName => match &self.second_name {
                Some(field) => page.field("Second feed", field, asked),
                None => page.field("Second feed", &Field::with(&self.second_name_text()), asked),
            },
        };
    }

    /// What the answer under the cursor means.
    fn explain(&self) -> &'static [&'static str] {
        match (self.question, self.visibility, self.sources) {
            (Question::Name, ..) => &[
                "A name is given once in the whole organization, deleted feeds and those you can't see included.",
            ],
            (Question::Description, ..) => {
                &["What the feed is for, in at most 255 characters; may stay empty."]
            }
            (Question::Visibility, Visibility::Tenant, _) => &[
                "People in my Entra tenant; feeds of other organizations in it may use this one as an upstream source.",
            ],
            (Question::Visibility, Visibility::Organization, _) => {
                &["People in my organization (recommended): every member may see the feed's view @Local."]
            }
            (Question::Visibility, Visibility::Specific, _) => {
                &["Specific people: only those to whom the feed's own permissions give a role."]
            }
            (Question::Sources, _, Sources::CratesIo) => {
                &["crates.io alone (recommended): all that Cargo needs to take every crate from the feed."]
            }
            (Question::Sources, _, Sources::Common) => &[
                "All common public sources: npm, NuGet, PowerShell, PyPI, Maven, Google, JitPack, Gradle, crates.io.",
            ],
            (Question::Sources, _, Sources::None) => {
                &["None: only what is published to the feed; it can't stand in for crates.io."]
            }
            (Question::Scope, ..) if self.of_organization => {
                &["Organization: the feed belongs to no project."]
            }
            (Question::Scope, ..) => {
                &["Project (recommended): whoever is in the project, and its pipelines, can use it."]
            }
            (Question::Project, ..) => &["The project that the feed is to belong to."],
            (Question::Second, ..) if self.one_feed_only => {
                &["None: your own crates are published to the same feed as those of crates.io."]
            }
            (Question::Second | Question::SecondName, ..) => &[
                "A second feed (recommended) for your own crates, without upstream sources: no crate of the same name can \
                 come from outside.",
            ],
        }
    }
}

fn complaint(question: Question) -> impl Fn(String) -> Complaint {
    move |words| Complaint { question, words }
}

/// The name, by Azure's rules and as far as one can see free.
fn free_name(session: &Session, text: &str) -> Result<FeedName, String> {
    let name = FeedName::parse(text).map_err(|error| error.to_string())?;
    match taken(session, text) {
        Some(feed) => Err(format!("the name is taken by {}", feed.label())),
        None => Ok(name),
    }
}

fn taken<'a>(session: &'a Session, text: &str) -> Option<&'a Feed> {
    let name = FeedName::parse(text).ok()?;
    session.making.known.iter().find(|feed| feed.name == name)
}

fn place<T: PartialEq + Copy>(all: &[T], one: T) -> usize {
    all.iter().copied().position(|other| other == one).unwrap_or(0)
}

fn after<T: PartialEq + Copy>(all: &[T], one: T) -> T {
    all[(place(all, one) + 1) % all.len()]
}
