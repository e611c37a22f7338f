//! Pipelines: variables, commands and their operands. Knows no blocks.

use super::super::Fault;
use super::super::bounds::too_deep;
use super::super::lex::{Kind, Token};
use super::super::tree::{Command, Operand, Pipeline, Variables};
use super::{KEYWORDS, Parser, Whose};
use crate::model::limits;

impl Parser {
    pub(super) fn pipeline(&mut self, whose: Whose) -> Result<Pipeline, Fault> {
        self.depth += 1;
        if self.depth > limits::TEMPLATE_DEPTH.most {
            return self.fault(too_deep());
        }
        let at = self.tokens.peek().map_or(self.at, |token| token.at);
        let (variables, first) = self.declarations(whose)?;
        let mut commands: Vec<Command> = Vec::new();
        let mut given = first;
        loop {
            let command = self.command(given.take())?;
            let is_constant = matches!(
                command.first,
                Operand::Bool(_)
                    | Operand::Dot
                    | Operand::Nil
                    | Operand::Int(_)
                    | Operand::Float(_)
                    | Operand::Text(_)
            );
            if !commands.is_empty() && is_constant {
                return self.fault("a value stands where a pipeline needs a function");
            }
            commands.push(command);
            if !self.next_if(&Kind::Pipe) {
                break;
            }
        }
        if !variables.assigns {
            self.variables.extend(variables.names.iter().cloned());
        }
        self.depth -= 1;
        Ok(Pipeline {
            at,
            variables,
            commands,
        })
    }

    /// The variables in front of a pipeline; where the first one is none of them, its token.
    fn declarations(&mut self, whose: Whose) -> Result<(Variables, Option<Token>), Fault> {
        let mut variables = Variables::default();
        loop {
            let is_variable = |token: &Token| matches!(token.kind, Kind::Variable(_));
            let Some(token) = self.tokens.next_if(is_variable) else {
                return match variables.names.is_empty() {
                    true => Ok((variables, None)),
                    false => self.fault("`,` is not followed by a variable"),
                };
            };
            self.at = token.at;
            let Kind::Variable(name) = &token.kind else {
                return self.fault("there is no variable");
            };
            let name = name.clone();
            let next = self.tokens.peek().map(|token| token.kind.clone());
            match next {
                Some(Kind::Declare | Kind::Assign) => {
                    self.next();
                    variables.assigns = next == Some(Kind::Assign);
                    variables.names.push(name);
                    return self.checked(variables).map(|variables| (variables, None));
                }
                Some(Kind::Comma) if whose == Whose::Range && variables.names.is_empty() => {
                    self.next();
                    variables.names.push(name);
                }
                _ if variables.names.is_empty() => return Ok((variables, Some(token))),
                _ => return self.fault("variables are not followed by `:=`"),
            }
        }
    }

    fn checked(&self, variables: Variables) -> Result<Variables, Fault> {
        let unknown = |name: &&String| !self.variables.contains(name);
        match variables.names.iter().find(unknown) {
            Some(name) if variables.assigns => {
                self.fault(format!("the variable `${name}` is not declared"))
            }
            _ => Ok(variables),
        }
    }

    fn command(&mut self, given: Option<Token>) -> Result<Command, Fault> {
        let first = match given {
            Some(token) => Some(token),
            None => self.operand_token(),
        };
        let Some(first) = first else {
            return self.fault("a value is missing");
        };
        let at = first.at;
        let first = self.operand(first)?;
        let mut rest = Vec::new();
        while let Some(token) = self.operand_token() {
            // Go wants white space between operands; what is written without is rare and not read.
            if !token.spaced {
                self.at = token.at;
                return self.fault("white space is missing between two values");
            }
            rest.push(self.operand(token)?);
        }
        Ok(Command { at, first, rest })
    }

    /// The token of the next operand, unless the command ends.
    fn operand_token(&mut self) -> Option<Token> {
        let ends = |kind: &Kind| matches!(kind, Kind::Close | Kind::Right | Kind::Pipe);
        let token = self.tokens.next_if(|token| !ends(&token.kind))?;
        self.at = token.at;
        Some(token)
    }

    fn operand(&mut self, token: Token) -> Result<Operand, Fault> {
        let operand = match token.kind {
            Kind::Word(word) => match word.as_str() {
                "true" => Operand::Bool(true),
                "false" => Operand::Bool(false),
                "nil" => Operand::Nil,
                keyword if KEYWORDS.contains(&keyword) => {
                    return self.fault(format!("`{keyword}` stands where a value should"));
                }
                _ => Operand::Function(word),
            },
            Kind::Dot => Operand::Dot,
            Kind::Field(name) => Operand::Field(vec![name]),
            Kind::Variable(name) if self.variables.contains(&name) => {
                Operand::Variable(name, Vec::new())
            }
            Kind::Variable(name) => {
                return self.fault(format!("the variable `${name}` is not declared"));
            }
            Kind::Text(text) => Operand::Text(text),
            Kind::Int(number) => Operand::Int(number),
            Kind::Float(number) => Operand::Float(number),
            Kind::Left => {
                let pipeline = self.pipeline(Whose::Other)?;
                self.expect(&Kind::Right, "`)`")?;
                Operand::Inner(Box::new(pipeline))
            }
            _ => return self.fault("something stands where a value should"),
        };
        self.chained(operand)
    }

    /// An operand with the fields that follow it without white space.
    fn chained(&mut self, operand: Operand) -> Result<Operand, Fault> {
        let mut fields = Vec::new();
        let is_field = |token: &Token| matches!(token.kind, Kind::Field(_)) && !token.spaced;
        while let Some(token) = self.tokens.next_if(is_field) {
            self.at = token.at;
            if let Kind::Field(name) = token.kind {
                fields.push(name);
            }
        }
        Ok(match operand {
            operand if fields.is_empty() => operand,
            Operand::Field(mut path) => {
                path.append(&mut fields);
                Operand::Field(path)
            }
            Operand::Variable(name, _) => Operand::Variable(name, fields),
            Operand::Inner(_) | Operand::Function(_) => Operand::Chain(Box::new(operand), fields),
            _ => return self.fault("a constant has no fields"),
        })
    }
}
