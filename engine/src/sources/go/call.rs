//! Evaluates pipelines: commands, fields, variables and the arguments of functions.
//! Knows which functions there are by name alone.

use super::functions;
use super::run::{Missing, Run};
use super::tree::{Command, Operand, Pipeline};
use super::value::{Of, Value};

impl Run<'_> {
    /// The value of a pipeline; its variables are declared or assigned.
    pub(super) fn pipeline(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Value, String> {
        let value = self.commands(pipeline, dot)?;
        for name in &pipeline.variables.names {
            match pipeline.variables.assigns {
                true => self.scope.assign(name, value.clone()),
                false => self.scope.declare(name, value.clone()),
            }
        }
        Ok(value)
    }

    /// The value of a pipeline without its variables.
    pub(super) fn commands(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Value, String> {
        self.at = pipeline.at;
        self.within(|run| {
            let mut given = None;
            for command in &pipeline.commands {
                run.cx.step()?;
                run.at = command.at;
                let value = run.command(command, dot, given)?;
                // A `nil` that is there is none once it went through a pipeline.
                given = Some(value.dug());
            }
            given.ok_or_else(|| "a pipeline is empty".to_owned())
        })
    }

    /// `given` is what the command before it came to.
    fn command(
        &mut self,
        command: &Command,
        dot: &Value,
        given: Option<Value>,
    ) -> Result<Value, String> {
        let Operand::Function(name) = &command.first else {
            if !command.rest.is_empty() || given.is_some() {
                return Err("a value takes no arguments".to_owned());
            }
            return match command.first {
                Operand::Nil => Err("`nil` is no command".to_owned()),
                _ => self.operand(&command.first, dot),
            };
        };
        if let Some(or) = ["and", "or"].iter().position(|word| word == name) {
            return self.short(&command.rest, given, or == 1, dot);
        }
        let mut arguments = Vec::new();
        for operand in &command.rest {
            arguments.push(self.operand(operand, dot)?);
        }
        arguments.extend(given);
        self.at = command.at;
        self.call(name, &arguments)
    }

    fn call(&mut self, name: &str, arguments: &[Value]) -> Result<Value, String> {
        self.cx.step()?;
        functions::call(name, arguments, &mut self.cx)
    }

    /// `and` and `or`: the first argument that decides, those behind it not evaluated.
    fn short(
        &mut self,
        rest: &[Operand],
        given: Option<Value>,
        or: bool,
        dot: &Value,
    ) -> Result<Value, String> {
        let mut last = None;
        for operand in rest {
            let value = self.operand(operand, dot)?;
            if value.is_true() == or {
                return Ok(value);
            }
            last = Some(value);
        }
        given
            .or(last)
            .ok_or_else(|| "`and` and `or` take an argument".to_owned())
    }

    fn operand(&mut self, operand: &Operand, dot: &Value) -> Result<Value, String> {
        Ok(match operand {
            Operand::Dot => dot.clone(),
            Operand::Nil => Value::Nil,
            Operand::Bool(value) => Value::Bool(*value),
            Operand::Int(number) => Value::int(*number),
            Operand::Float(number) => Value::Float(*number),
            Operand::Text(text) => Value::Text(text.clone()),
            Operand::Field(names) => self.fields(dot.clone(), names)?,
            Operand::Variable(name, names) => {
                let value = self.scope.get(name).cloned();
                let value = value.ok_or_else(|| format!("the variable `${name}` is not there"))?;
                self.fields(value, names)?
            }
            Operand::Function(name) => match name.as_str() {
                "and" | "or" => return Err("`and` and `or` take an argument".to_owned()),
                name => self.call(name, &[])?,
            },
            Operand::Inner(pipeline) => self.pipeline(pipeline, dot)?,
            Operand::Chain(operand, names) => {
                let value = self.operand(operand, dot)?;
                self.fields(value, names)?
            }
        })
    }

    fn fields(&mut self, mut value: Value, names: &[String]) -> Result<Value, String> {
        for name in names {
            self.cx.step()?;
            value = self.field(&value, name)?;
        }
        Ok(value)
    }

    fn field(&self, value: &Value, name: &str) -> Result<Value, String> {
        let map = match value {
            Value::Map(map) => map,
            Value::Missing if self.missing == Missing::Error => return Err(no_key(name)),
            Value::Missing => return Ok(Value::Missing),
            Value::Nil => return Err(format!("`.{name}` is asked of `nil`")),
            _ => return Err(format!("`{name}` is no field of what stands before it")),
        };
        match (map.get(name), self.missing) {
            (Some(found), _) => Ok(found),
            (None, Missing::Error) => Err(no_key(name)),
            (None, Missing::Default) => Ok(Value::Missing),
            (None, Missing::Zero) => map.of.zero(),
        }
    }
}

impl Value {
    /// What Go takes out of an interface.
    fn dug(self) -> Self {
        match self {
            Self::Nil => Self::Missing,
            other => other,
        }
    }
}

impl Of {
    /// What a map of this type gives for a key that is not there.
    pub(super) fn zero(self) -> Result<Value, String> {
        match self {
            Self::Anything => Ok(Value::Nil),
            Self::Texts | Self::Given => Ok(Value::text("")),
            Self::Ints => Ok(Value::int(0)),
            Self::Lists => Ok(Value::Missing),
            Self::Unsure => Err("what is not there depends on what made the map".to_owned()),
        }
    }
}

fn no_key(name: &str) -> String {
    format!("there is no key `{name}`, which `missingkey=error` makes an error")
}
