//! Many subscribers, and posts at a steady pace that each of them hears of.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinSet;

use super::asking::kind_of;
use super::outcome::{Fault, ListeningOutcome, Tally, Times};
use super::scenario::Listening;
use super::socket::Socket;
use super::wire::Wire;

/// When each post was sent.
type Sent = Arc<Vec<OnceLock<Instant>>>;

/// What one subscriber heard.
struct Heard {
    times: Times,
    posts: Vec<bool>,
    repeated: u64,
    fault: Option<String>,
}

pub async fn run(listening: Listening) -> Result<ListeningOutcome, Fault> {
    let listening = Arc::new(listening);
    let posts = listening.post.requests.unwrap_or_default();
    let count = usize::try_from(posts)?;
    let sent: Sent = Arc::new((0..count).map(|_| OnceLock::new()).collect());
    let subscribers = u64::try_from(listening.subscribers)?;
    let unheard = Arc::new(AtomicU64::new(posts * subscribers));
    let (ended, end) = watch::channel(false);
    let mut listeners = JoinSet::new();
    for nth in 0..listening.subscribers {
        let socket = Socket::open(&listening, nth).await?;
        let listener = Listener {
            listening: Arc::clone(&listening),
            sent: Arc::clone(&sent),
            unheard: Arc::clone(&unheard),
            heard: Heard {
                times: Times::new(),
                posts: vec![false; count],
                repeated: 0,
                fault: None,
            },
        };
        listeners.spawn(listener.listen(socket, end.clone()));
        if (nth + 1) % 250 == 0 {
            eprintln!("    {} of {} subscribers", nth + 1, listening.subscribers);
        }
    }
    // The subscriptions have to stand before something happens.
    tokio::time::sleep(Duration::from_secs(1)).await;
    // Whoever started this looks at the CPU of others at these words.
    eprintln!("posting");
    let begun = Instant::now();
    let posted = post(&listening, &sent).await?;
    let patience = Instant::now() + Duration::from_secs_f64(listening.patience);
    while unheard.load(Ordering::Relaxed) > 0 && Instant::now() < patience {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let seconds = begun.elapsed().as_secs_f64();
    eprintln!("heard");
    ended.send(true)?;
    let mut outcome = ListeningOutcome {
        seconds,
        posted: posted.right,
        post_wrong: posted.wrong,
        first_wrong: posted.first_wrong,
        delivered: 0,
        lost: 0,
        repeated: 0,
        millis: Times::new().told(),
    };
    let mut times = Times::new();
    while let Some(heard) = listeners.join_next().await {
        let heard = heard?;
        let delivered = heard.posts.iter().filter(|heard| **heard).count();
        let delivered = u64::try_from(delivered)?;
        outcome.delivered += delivered;
        outcome.lost += posted.right.saturating_sub(delivered);
        outcome.repeated += heard.repeated;
        outcome.first_wrong = outcome.first_wrong.or(heard.fault);
        times.add(&heard.times);
    }
    outcome.millis = times.told();
    Ok(outcome)
}

/// Posts at the pace that was asked for, whether or not the last one is answered.
async fn post(listening: &Arc<Listening>, sent: &Sent) -> Result<Tally, Fault> {
    let asking = &listening.post;
    let (jobs, queue) = async_queue();
    let mut posters = JoinSet::new();
    for _ in 0..asking.connections {
        let mut wire = Wire::open(&asking.url).await?;
        let (listening, sent, queue) = (Arc::clone(listening), Arc::clone(sent), queue.clone());
        posters.spawn(async move {
            let mut tally = Tally::new();
            while let Some(number) = next_of(&queue).await {
                let kind = kind_of(&listening.post.kinds, number);
                let nth = usize::try_from(number).unwrap_or_default();
                let begun = *sent[nth].get_or_init(Instant::now);
                match wire.ask(kind, listening.post.first + number).await {
                    Ok(()) => {
                        tally.right += 1;
                        tally.times.note(begun.elapsed());
                    }
                    Err(wrong) => {
                        tally.wrong += 1;
                        tally.first_wrong.get_or_insert(wrong);
                    }
                }
            }
            tally
        });
    }
    let mut pace = tokio::time::interval(Duration::from_secs_f64(1.0 / listening.rate));
    for number in 0..asking.requests.unwrap_or_default() {
        pace.tick().await;
        jobs.send(number).await?;
    }
    drop(jobs);
    let mut tally = Tally::new();
    while let Some(of_one) = posters.join_next().await {
        tally.add(of_one?);
    }
    Ok(tally)
}

type Queue = Arc<Mutex<mpsc::Receiver<u64>>>;

fn async_queue() -> (mpsc::Sender<u64>, Queue) {
    let (jobs, queue) = mpsc::channel(1_000);
    (jobs, Arc::new(Mutex::new(queue)))
}

async fn next_of(queue: &Queue) -> Option<u64> {
    queue.lock().await.recv().await
}

struct Listener {
    listening: Arc<Listening>,
    sent: Sent,
    unheard: Arc<AtomicU64>,
    heard: Heard,
}

impl Listener {
    /// Listens until the end, or until the socket is closed.
    async fn listen(mut self, mut socket: Socket, mut end: watch::Receiver<bool>) -> Heard {
        loop {
            tokio::select! {
                text = socket.hear() => match text {
                    Ok(text) => self.note(&text),
                    Err(fault) => {
                        self.heard.fault = Some(fault.to_string());
                        return self.heard;
                    }
                },
                _ = end.changed() => return self.heard,
            }
        }
    }

    fn note(&mut self, text: &str) {
        if !text.contains("\"next\"") {
            self.heard.fault.get_or_insert_with(|| text.to_owned());
            return;
        }
        let (before, after) = (&self.listening.before, &self.listening.after);
        let number = text
            .split_once(before)
            .and_then(|(_, rest)| rest.split_once(after));
        let number = number.and_then(|(number, _)| number.parse::<usize>().ok());
        let place = number.and_then(|number| {
            let first = usize::try_from(self.listening.post.first).ok()?;
            number.checked_sub(first)
        });
        // What was posted before is heard of by none of these.
        let Some(heard) = place.and_then(|place| self.heard.posts.get_mut(place)) else {
            return;
        };
        if std::mem::replace(heard, true) {
            self.heard.repeated += 1;
            return;
        }
        let sent = place.and_then(|place| self.sent[place].get());
        if let Some(sent) = sent {
            self.heard.times.note(sent.elapsed());
        }
        self.unheard.fetch_sub(1, Ordering::Relaxed);
    }
}
